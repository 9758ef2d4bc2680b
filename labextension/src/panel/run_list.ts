/** The runs of a workspace that fit a query, loaded by pages and kept up to date by the stream. */

import { ServerError, type Api } from '../server/api';
import type { Connection, Listing } from '../server/connection';
import { ChangedMeanwhile } from '../server/changed_meanwhile';
import type { RowsNews } from '../server/stream_messages';
import type { Row, RunQuery } from '../server/openapi';
import { saidHere } from '../view/said';
import type { RunRows } from './run_rows';

/** So many runs are asked for first, to have something to show. */
const FIRST = 100;
/** So many at a time then. */
const PAGE = 1000;
/** So many are held at the most; beyond, the server is asked what fits the filter. */
export const BOUND = 20_000;

/** A wait before the server is asked again, while it makes its index. */
const INDEX_MS = 1000;

/** What a list needs of the stream. */
export type ListStream = Pick<Connection, 'list' | 'state' | 'onState'>;

/**
 * Fills the rows of one workspace and keeps them as they are on the server.
 *
 * Loads the first page at once and the others behind it; what changed comes by the stream. Loading again, which the
 * stream may ask for, replaces row by row, so that nothing flickers.
 */
export class RunList {
  /** What went wrong last, in words; null while all is well. */
  problem: string | null = null;
  /** Whether all runs that fit the query were loaded once, or as many as are held. */
  isLoaded = false;
  /** How many runs the workspace has; null before that is known. */
  total: number | null = null;
  private workspace: string | null = null;
  private sparks: readonly string[] = ['*'];
  private query: RunQuery = {};
  private listing: Listing | null = null;
  private readonly endState: () => void;
  /** Counts loads: an old one that still runs stops when it sees a new number. */
  private loads = 0;
  private readonly meanwhile = new ChangedMeanwhile();
  /** How many of the runs before the next page are gone. */
  private shift = 0;

  constructor(
    private readonly api: Api,
    private readonly stream: ListStream,
    readonly rows: RunRows,
    private readonly changed: () => void,
  ) {
    this.endState = stream.onState(() => this.connectionChanged());
  }

  /** Whether the workspace has more runs than are held, so that the server must choose. */
  get isBounded(): boolean {
    return (this.total ?? 0) > BOUND;
  }

  /** Show another workspace. */
  open(workspace: string, sparks: readonly string[]): void {
    this.listing?.leave();
    this.workspace = workspace;
    this.sparks = sparks;
    this.query = {};
    this.rows.clear();
    Object.assign(this, { isLoaded: false, total: null, problem: null });
    void this.load();
    this.listing = this.stream.list(workspace, sparks, {
      rows: news => this.hear(news),
      error: (_status, message) => this.fail(saidHere(message)),
    });
  }

  /** Have these metrics' courses in the rows. */
  setSparks(sparks: readonly string[]): void {
    this.sparks = sparks;
    this.listing?.setSparks(sparks);
    void this.load();
  }

  /** What the filter asks for: matters only where the server must choose. */
  setQuery(query: RunQuery): void {
    const wanted = this.isBounded ? query : {};
    if (JSON.stringify(wanted) === JSON.stringify(this.query)) return;
    this.query = wanted;
    void this.load();
  }

  /** Load all again. */
  async load(): Promise<void> {
    const { workspace } = this;
    if (workspace === null) return;
    const load = ++this.loads;
    this.shift = 0;
    try {
      const seen = await this.loadPages(workspace, load);
      if (load !== this.loads) return;
      this.rows.keep(seen);
      this.isLoaded = true;
      this.problem = null;
    } catch (error) {
      if (load !== this.loads) return;
      this.fail(error instanceof ServerError ? error.message : String(error));
    }
    this.changed();
  }

  dispose(): void {
    this.loads++;
    this.listing?.leave();
    this.listing = null;
    this.endState();
  }

  /** Load page after page; returns the ids of all that is there. */
  private async loadPages(workspace: string, load: number): Promise<Set<string>> {
    const seen = new Set<string>();
    const { query, sparks: spark } = this;
    const ended = (): boolean => load !== this.loads;
    for (let offset = 0, limit = FIRST; offset < BOUND; limit = Math.min(PAGE, BOUND - offset)) {
      const asked = this.api.runs(workspace, { ...query, spark, limit, offset });
      const [page, heard] = await this.meanwhile.during(asked);
      // Rows of a load that was overtaken are better than none, as long as they are of this list.
      if (this.workspace !== workspace || query !== this.query) return seen;
      for (const id of [...page.runs.map(row => row.id), ...heard]) seen.add(id);
      const isNewer = (id: string): boolean => !heard.has(id) && !(ended() && this.rows.get(id));
      this.rows.put(page.runs.filter(row => isNewer(row.id)));
      if (query === this.query && Object.keys(query).length === 0) this.total = page.total;
      this.changed();
      offset = Math.max(0, offset + page.runs.length - this.shift);
      this.shift = 0;
      if (!page.is_complete) {
        await new Promise(resolve => setTimeout(resolve, INDEX_MS));
        offset = 0;
      } else if (page.runs.length === 0 || offset >= page.total) break;
      if (ended()) break;
    }
    return seen;
  }

  /** Take in rows as they are now, and ids of runs that are gone. */
  take(rows: readonly Row[], gone: readonly string[]): void {
    const added = rows.filter(row => !this.rows.get(row.id)).length;
    const left = gone.filter(id => this.rows.get(id)).length;
    this.shift += left;
    if (this.total !== null) this.total += added - left;
    this.rows.put(rows);
    this.rows.remove(gone);
    this.meanwhile.note([...rows.map(row => row.id), ...gone]);
    this.changed();
  }

  /** What couldn't be loaded while the server was away is asked for when it is back. */
  private connectionChanged(): void {
    if (this.stream.state === 'open' && this.problem !== null) void this.load();
    this.changed();
  }

  private hear(news: RowsNews): void {
    if (news.reset) void this.load();
    else this.take(news.rows, news.gone);
  }

  private fail(message: string): void {
    this.problem = message;
    this.changed();
  }
}
