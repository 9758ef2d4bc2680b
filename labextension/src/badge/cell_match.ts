/** Which run is a cell's own: by what its outputs name, and by its notebook and id. */

import type { RunKey } from '../server/api';
import type { Row } from '../server/openapi';
import { masked } from './masking';

/** A cell, as far as it says which run is its own. */
export interface CellFacts {
  /** The notebook's path on the server's disk; null where that isn't known. */
  readonly notebook: string | null;
  readonly id: string;
  readonly text: string;
  /** The runs that its outputs show. */
  readonly references: readonly RunKey[];
}

/** A run of a workspace. */
export interface KnownRun {
  readonly workspace: string;
  readonly row: Row;
  /** The text of the cell that it ran; null if it was none, undefined while that isn't known. */
  readonly source: string | null | undefined;
}

/** Where runs are found. */
export interface Runs {
  get(key: RunKey): KnownRun | undefined;
  /** The latest run of a cell, by its notebook's path and its id. */
  latestOf(notebook: string, cellId: string): KnownRun | undefined;
}

/** The run that a cell's badge shows. */
export interface CellRun {
  readonly key: RunKey;
  readonly row: Row;
  /** Whether the cell's text isn't what ran. */
  readonly hasChanged: boolean;
}

/** A cell that makes a run. */
const MAGIC = /^\s*%%submit\b|^\s*%start_logging\b/m;

/**
 * The run of a cell: the latest of those that its outputs name, and of its own by notebook and id.
 *
 * Its own may be later than what its outputs name: a page that was reloaded has the outputs that were saved.
 */
export function runOf(cell: CellFacts, runs: Runs): CellRun | null {
  const named = cell.references.map(key => runs.get(key));
  const own = cell.notebook === null ? undefined : runs.latestOf(cell.notebook, cell.id);
  let latest: KnownRun | undefined;
  for (const run of [...named, own]) {
    if (run && (!latest || run.row.created_at > latest.row.created_at)) latest = run;
  }
  if (!latest) return null;
  const { workspace, row } = latest;
  return { key: { workspace, run: row.id }, row, hasChanged: hasChanged(cell, latest) };
}

/** A cell that only shows another one's run (`RunDetails(run).show()`) hasn't changed; a copy of it may have. */
function hasChanged({ id, text }: CellFacts, { row, source }: KnownRun): boolean {
  if (source === null || source === undefined) return false;
  return (row.cell?.id === id || MAGIC.test(text)) && plain(text) !== plain(source);
}

/** A kernel is sent a cell's text as it is, and a run keeps it masked; a file may have given it other line ends. */
function plain(text: string): string {
  return masked(text.replace(/\r\n?/g, '\n').trimEnd());
}
