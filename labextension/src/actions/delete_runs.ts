import { fill } from '../i18n/fill';
import type { Api } from '../server/api';
import type { Deletion, Row } from '../server/openapi';
import type { Format } from '../view/format';
import type { Dialogs } from './dialogs';
import type { ActionWords } from './words';

/** So many runs are named, and so many refusals. */
const SAID = 5;

interface Means {
  readonly api: Api;
  readonly dialogs: Dialogs;
  readonly words: ActionWords;
  readonly format: Format;
}

/**
 * Delete runs of a workspace, after a question that says what it frees and which of them stay.
 *
 * Returns the ids of those that are gone. Throws ServerError.
 */
export async function deleteRuns(
  { api, dialogs, words, format }: Means,
  workspace: string,
  rows: readonly Row[],
): Promise<readonly string[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(row => row.id);
  const planned = await api.delete(workspace, ids, true);
  const going = planned.runs.filter(run => run.refused === null);
  const refusals = refusalLines(planned, words);
  if (going.length === 0) {
    dialogs.tell([words.deleteNone, ...refusals].join('\n'), 'error');
    return [];
  }
  const one = going.length === 1;
  const n = format.count(going.length);
  const agreed = await dialogs.ask({
    title: one
      ? fill(words.deleteTitle, { name: going.map(run => nameOf(run, rows)).join() })
      : fill(words.deleteMany, { n }),
    lines: [
      ...(one ? [] : [namesOf(going, rows)]),
      fill(words.deleteFrees, { size: format.bytes(planned.freed_bytes) }),
      ...refusals,
    ],
    accept: one ? words.deleteAccept : fill(words.deleteAcceptMany, { n }),
    danger: true,
  });
  if (!agreed) return [];
  const done = await api.delete(
    workspace,
    going.map(run => run.id),
    false,
  );
  const gone = done.runs.filter(run => run.refused === null).map(run => run.id);
  const size = format.bytes(done.freed_bytes);
  const told = [fill(words.deleted, { n: format.count(gone.length), size }), ...refusalLines(done, words)];
  dialogs.tell(told.join('\n'), gone.length === done.runs.length ? 'info' : 'error');
  return gone;
}

function refusalLines({ runs }: Deletion, words: ActionWords): string[] {
  const refused = runs.filter(run => run.refused !== null);
  const lines = refused
    .slice(0, SAID)
    .map(run => fill(words.deleteRefused, { name: run.name, why: run.refused ?? '' }));
  if (refused.length > SAID) lines.push(fill(words.deleteMore, { n: String(refused.length - SAID) }));
  return lines;
}

/** As its line has it; a child that goes with its parent may have no line. */
function nameOf(run: Deletion['runs'][number], rows: readonly Row[]): string {
  return rows.find(row => row.id === run.id)?.display_name ?? run.name;
}

function namesOf(runs: Deletion['runs'], rows: readonly Row[]): string {
  const names = runs.slice(0, SAID).map(run => nameOf(run, rows));
  return names.join(', ') + (runs.length > SAID ? ' …' : '');
}
