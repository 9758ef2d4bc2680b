import { fill } from '../i18n/fill';
import type { Finding } from '../server/openapi';
import { h } from '../view/dom';
import { statusIcon } from '../view/status_icon';
import { withCode } from '../view/with_code';
import type { TargetLocale } from './locale';

/** What a doctor has found, a line each; how many of them aren't well comes first. */
export function findingsList(locale: TargetLocale, found: readonly Finding[]): Node[] {
  const { words, format } = locale;
  const unhealthy = found.filter(finding => !finding.is_well).length;
  const sum =
    unhealthy === 0
      ? words.well
      : unhealthy === 1
        ? words.oneUnhealthy
        : fill(words.unhealthy, { n: format.count(unhealthy) });
  const lines = found.map(finding => {
    const status = finding.is_well ? 'Completed' : 'Failed';
    const word = h('span', { class: 'cellrun-unseen' }, finding.is_well ? words.isWell : words.isNotWell);
    return h(
      'li',
      {},
      h('span', { class: 'cellrun-state', 'data-status': status }, statusIcon(status), word),
      h('b', {}, locale.said(finding.subject)),
      h('span', { class: 'cellrun-finding' }, ...withCode(locale.said(finding.text))),
    );
  });
  return [h('p', {}, h('b', {}, sum)), h('ul', { class: 'cellrun-findings' }, ...lines)];
}

/** Whether all is well. */
export function areWell(found: readonly Finding[]): boolean {
  return found.every(finding => finding.is_well);
}
