import { h } from '../view/dom';
import { hunks } from './line_difference';

/** Two runs' code: what is at the left of a difference, and what is at the right. */
export interface Differing {
  readonly names: readonly [string, string];
  readonly code: readonly [string, string];
}

/** The lines in which two runs' code differs, with a few around, as `diff -u` shows them. */
export function codeDifference({ names, code }: Differing, label: string): HTMLElement {
  const line = (kind: string, text: string): HTMLElement => h('span', { data: { kind } }, text);
  const lines = hunks(...code).flatMap((hunk, i) => [
    ...(i === 0 ? [] : [line('gap', '⋯')]),
    ...hunk.map(({ sign, text }) => line(sign, `${sign} ${text}`)),
  ]);
  const heads = [line('-', `- ${names[0]}`), line('+', `+ ${names[1]}`)];
  const body = h('pre', { class: 'cellrun-diff', role: 'region', tabindex: 0, 'aria-label': label });
  body.append(h('b', {}, ...heads), ...lines);
  return body;
}
