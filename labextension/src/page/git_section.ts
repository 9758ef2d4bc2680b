import { fill } from '../i18n/fill';
import type { RunDetails } from '../server/openapi';
import { h } from '../view/dom';
import type { PageLocale } from './locale';
import { numberOf, part, textOf } from './recorded';
import { facts, nothing, section } from './section';

/** Where the code came from: branch, commit, and what was changed since. */
export function gitSection({ record, environment }: RunDetails, { page, format }: PageLocale): HTMLElement {
  const submitted = part(record, 'git');
  const recorded = part(environment, 'git');
  const head = textOf(recorded, 'head') || textOf(submitted, 'head');
  if (head === '') return section(page.git, nothing(page.noGit));
  const changed = numberOf(recorded, 'files_changed');
  const untracked = numberOf(recorded, 'untracked') ?? 0;
  const counts = { n: format.count(changed ?? 0), untracked: format.count(untracked) };
  const changes = changed === 0 && untracked === 0 ? page.clean : fill(page.changed, counts);
  return section(
    page.git,
    facts([
      [page.branch, textOf(recorded, 'branch') || textOf(submitted, 'branch')],
      [page.head, h('code', {}, head)],
      [page.remote, textOf(recorded, 'remote')],
      [page.changes, changed === null ? page.notRecorded : changes],
    ]),
    ...difference(textOf(recorded, 'diff'), recorded.diff_truncated === true, page),
  );
}

function difference(diff: string, isCut: boolean, page: PageLocale['page']): HTMLElement[] {
  if (diff === '') return [];
  const lines = diff
    .split('\n')
    .map(line => h('span', { class: `cellrun-diff-line ${kindOf(line)}` }, `${line}\n`));
  const text = h(
    'pre',
    { class: 'cellrun-diff', role: 'region', tabindex: 0, 'aria-label': page.diff },
    ...lines,
  );
  const note = isCut ? [nothing(page.diffCut)] : [];
  return [h('details', {}, h('summary', {}, page.diff), text, ...note)];
}

function kindOf(line: string): string {
  if (line.startsWith('+') && !line.startsWith('+++')) return 'cellrun-diff-added';
  if (line.startsWith('-') && !line.startsWith('---')) return 'cellrun-diff-removed';
  return line.startsWith('@@') ? 'cellrun-diff-place' : '';
}
