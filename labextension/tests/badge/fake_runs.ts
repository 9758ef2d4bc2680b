import { ServerError, type RunKey } from '../../src/server/api';
import type { RowsListener, Listing } from '../../src/server/connection';
import type { RowsNews } from '../../src/server/stream_messages';
import type { Row, RunDetails, RunPage, RunQuery, Workspace } from '../../src/server/openapi';
import { row } from '../compare/fake_server';

export const NOTEBOOK = '/home/me/work/train.ipynb';

/** A run that was submitted from a cell of the notebook. */
export function cellRow(id: string, cell: string, fields: Partial<Row> = {}): Row {
  return row(id, { cell: { notebook: NOTEBOOK, id: cell, source_hash: '0' }, ...fields });
}

/** Stands for the server: runs by workspace, and what ran. */
export class FakeRuns {
  readonly rows = new Map<string, Row[]>();
  readonly sources = new Map<string, string>();
  /** What it was asked, in order. */
  readonly asked: string[] = [];
  isComplete = true;
  private readonly listeners = new Map<string, Set<RowsListener>>();

  add(workspace: string, added: Row, source?: string): void {
    this.rows.set(workspace, [added, ...(this.rows.get(workspace) ?? [])]);
    if (source !== undefined) this.sources.set(added.id, source);
  }

  workspaces(): Promise<readonly Workspace[]> {
    this.asked.push('workspaces');
    const found = [...this.rows].map(([id, rows]) => ({
      id,
      name: id,
      folder: `/${id}`,
      runs: rows.length,
      latest_at: rows[0]?.created_at ?? null,
    }));
    return Promise.resolve(found);
  }

  runs(workspace: string, { notebook }: RunQuery = {}): Promise<RunPage> {
    this.asked.push(`runs ${workspace}`);
    const runs = (this.rows.get(workspace) ?? []).filter(one => one.cell?.notebook === notebook);
    return Promise.resolve({ runs, total: runs.length, is_complete: this.isComplete });
  }

  run({ workspace, run }: RunKey): Promise<RunDetails> {
    this.asked.push(`run ${run}`);
    const found = this.rows.get(workspace)?.find(({ id }) => id === run);
    if (!found) return Promise.reject(new ServerError(404, `no run ${run}`));
    const source = this.sources.get(run);
    const record = { cell: source === undefined ? null : { source } };
    return Promise.resolve({ row: found, record } as unknown as RunDetails);
  }

  list(workspace: string, _sparks: readonly string[], listener: RowsListener): Listing {
    const listeners = this.listeners.get(workspace) ?? new Set();
    this.listeners.set(workspace, listeners.add(listener));
    return { setSparks: () => undefined, leave: () => listeners.delete(listener) };
  }

  /** How many listen to a workspace. */
  heard(workspace: string): number {
    return this.listeners.get(workspace)?.size ?? 0;
  }

  tell(workspace: string, news: Partial<RowsNews>): void {
    const whole = {
      type: 'rows',
      channel: 1,
      epoch: 'e',
      cursor: 1,
      reset: false,
      rows: [],
      gone: [],
    } as const;
    for (const listener of [...(this.listeners.get(workspace) ?? [])]) listener.rows({ ...whole, ...news });
  }
}
