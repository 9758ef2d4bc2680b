/** The runs of the open notebooks' cells, kept as they are on the server. */

import { ServerError, type Api, type RunKey } from '../server/api';
import type { Connection, Listing } from '../server/connection';
import { ChangedMeanwhile } from '../server/changed_meanwhile';
import type { RowsNews } from '../server/stream_messages';
import type { Row } from '../server/openapi';
import type { KnownRun, Runs } from './cell_match';

/** What is asked of the server. */
export type BadgeApi = Pick<Api, 'workspaces' | 'runs' | 'run'>;

/** Of so many workspaces, those that were used last, a notebook's runs are looked for. */
const MOST_WORKSPACES = 20;
/** As many of a notebook's runs as a page of the list has. */
const MOST_RUNS = 1000;

/** While the server makes its index, it is asked again after this time. */
const AGAIN_MS = 2_000;

/** What is known of a workspace's runs that have cells in open notebooks. */
interface Kept {
  readonly rows: Map<string, Row>;
  readonly sources: Map<string, string | null>;
  /** Runs that were asked for, and aren't there or didn't come. */
  readonly absent: Set<string>;
  readonly asked: Set<string>;
  listing: Listing | null;
}

/** The runs of open notebooks' cells, kept up to date: one for all notebooks of a page. */
export class KnownRuns implements Runs {
  private readonly workspaces = new Map<string, Kept>();
  private readonly notebooks = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private readonly meanwhile = new ChangedMeanwhile();
  private isTelling = false;
  private isDisposed = false;

  constructor(
    private readonly api: BadgeApi,
    private readonly connection: Pick<Connection, 'list'>,
  ) {}

  /** Call `listener` soon after something else became known. Returns how to end that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Look for the runs of a notebook (its path on the server's disk), in all workspaces; again after a cell ran. */
  async find(notebook: string): Promise<void> {
    this.notebooks.add(notebook);
    const workspaces = await this.api.workspaces().catch(() => []);
    const used = workspaces.filter(one => one.runs > 0 || this.workspaces.has(one.id));
    const latest = [...used]
      .sort((a, b) => (b.latest_at ?? 0) - (a.latest_at ?? 0))
      .slice(0, MOST_WORKSPACES);
    for (const { id } of latest) {
      if (!this.isDisposed) await this.load(id, notebook);
    }
  }

  /** A run; one that isn't known yet is asked for. */
  get({ workspace, run }: RunKey): KnownRun | undefined {
    const kept = this.workspaces.get(workspace) ?? this.open(workspace);
    const row = kept.rows.get(run);
    const source = kept.sources.get(run);
    if (!row || source === undefined) this.ask({ workspace, run }, kept);
    return row && { workspace, row, source };
  }

  latestOf(notebook: string, cellId: string): KnownRun | undefined {
    let latest: { workspace: string; row: Row } | undefined;
    for (const [workspace, { rows }] of this.workspaces) {
      for (const row of rows.values()) {
        if (row.cell?.id !== cellId || row.cell.notebook !== notebook) continue;
        if (!latest || row.created_at > latest.row.created_at) latest = { workspace, row };
      }
    }
    return latest && this.get({ workspace: latest.workspace, run: latest.row.id });
  }

  dispose(): void {
    this.isDisposed = true;
    this.listeners.clear();
    for (const { listing } of this.workspaces.values()) listing?.leave();
  }

  private open(workspace: string): Kept {
    const kept: Kept = {
      rows: new Map(),
      sources: new Map(),
      absent: new Set(),
      asked: new Set(),
      listing: null,
    };
    this.workspaces.set(workspace, kept);
    kept.listing = this.connection.list(workspace, [], {
      rows: news => this.hear(workspace, kept, news),
      error: () => undefined, // a workspace that isn't here: its runs can't be asked for either
    });
    return kept;
  }

  /** Take in the runs that a notebook has in a workspace, which is listened to if there are any. */
  private async load(workspace: string, notebook: string): Promise<void> {
    const asked = this.api.runs(workspace, { notebook, limit: MOST_RUNS }).catch(() => null);
    const [page, heard] = await this.meanwhile.during(asked);
    if (page === null || this.isDisposed) return;
    if (!page.is_complete) this.loadSoon(workspace, notebook);
    if (page.runs.length === 0) return;
    const kept = this.workspaces.get(workspace) ?? this.open(workspace);
    for (const row of page.runs) if (!heard.has(row.id)) kept.rows.set(row.id, row);
    this.tell();
  }

  private loadSoon(workspace: string, notebook: string): void {
    setTimeout(() => {
      if (!this.isDisposed) void this.load(workspace, notebook);
    }, AGAIN_MS);
  }

  private hear(workspace: string, kept: Kept, { reset, rows, gone }: RowsNews): void {
    for (const row of rows) {
      const isOfNotebook = row.cell?.notebook != null && this.notebooks.has(row.cell.notebook);
      if (isOfNotebook || kept.rows.has(row.id) || kept.absent.has(row.id)) kept.rows.set(row.id, row);
    }
    for (const run of gone) kept.rows.delete(run);
    this.meanwhile.note([...rows.map(({ id }) => id), ...gone]);
    if (reset) {
      kept.absent.clear();
      for (const notebook of this.notebooks) void this.load(workspace, notebook);
      for (const run of kept.asked) this.ask({ workspace, run }, kept, true);
    }
    this.tell();
  }

  /** Ask for a run and what ran, once; `anew`: it may have changed. */
  private ask(key: RunKey, kept: Kept, anew = false): void {
    if ((kept.asked.has(key.run) && !anew) || kept.absent.has(key.run) || this.isDisposed) return;
    kept.asked.add(key.run);
    this.meanwhile.during(this.api.run(key)).then(
      ([{ row, record }, heard]) => {
        if (!heard.has(row.id) || !kept.rows.has(row.id)) kept.rows.set(row.id, row);
        kept.sources.set(row.id, sourceOf(record));
        this.tell();
      },
      (error: unknown) => {
        kept.absent.add(key.run);
        kept.asked.delete(key.run);
        if (error instanceof ServerError && error.status === 404) kept.rows.delete(key.run);
        this.tell();
      },
    );
  }

  private tell(): void {
    if (this.isTelling) return;
    this.isTelling = true;
    queueMicrotask(() => {
      this.isTelling = false;
      for (const listener of [...this.listeners]) listener();
    });
  }
}

/** The text of the cell that a run's record has. */
function sourceOf(record: Readonly<Record<string, unknown>>): string | null {
  const { cell } = record;
  if (typeof cell !== 'object' || cell === null) return null;
  const { source } = cell as { source?: unknown };
  return typeof source === 'string' ? source : null;
}
