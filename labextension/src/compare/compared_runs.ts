/** The runs that are compared, asked for again while any of them goes on. */

import { isTerminal } from '../data/protocol';
import { canBeX, hasIndex, series } from '../data/series';
import { ServerError, type Api } from '../server/api';
import type { Connection, Listing } from '../server/connection';
import type { RowsNews } from '../server/stream_messages';
import type { Comparison, Row } from '../server/openapi';
import { saidHere } from '../view/said';

/** What a comparison asks the server. */
export type CompareApi = Pick<Api, 'compare' | 'run' | 'runs' | 'metrics'>;
/** What it hears of it. */
export type CompareConnection = Pick<Connection, 'list' | 'trouble' | 'onState'>;

export const MOST_RUNS = 20;
const LEAST_RUNS = 2;
/** Values are looked at, not watched: so long between two answers, and four times as long as one takes. */
const PAUSE_MS = 2_000;
const PAUSE_FACTOR = 4;
/** After a failure, until the list's stream says something again. */
const RETRY_MS = 10_000;

/**
 * The runs that are compared, kept up to date while any of them goes on and somebody looks.
 *
 * `changed` is called whenever there is something else to show.
 */
export class ComparedRuns {
  comparison: Comparison | null = null;
  /** What went wrong last, in the server's words. */
  problem: string | null = null;
  /** Names of runs that were deleted meanwhile. */
  readonly deleted: string[] = [];
  /** Columns that metrics can be drawn over, besides `step` and `time`. */
  columns: readonly string[] = [];
  private ids: readonly string[];
  private wantedX: string;
  private asked = 0;
  private pauseUntil = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isStale = true;
  private isAwaited = false;
  private isSeen = false;
  private isLoading = false;
  private readonly ends: (() => void)[];

  constructor(
    private readonly api: CompareApi,
    private readonly connection: CompareConnection,
    readonly workspace: string,
    runs: readonly string[],
    x: string,
    private readonly changed: () => void,
  ) {
    this.ids = [...new Set(runs)].slice(0, MOST_RUNS);
    this.wantedX = x;
    const listing: Listing = connection.list(workspace, [], {
      rows: news => this.heard(news),
      error: (_status, message) => this.fail(saidHere(message)),
    });
    this.ends = [() => listing.leave(), connection.onState(changed)];
    void this.findColumns();
  }

  get runs(): readonly string[] {
    return this.ids;
  }

  /** Whether some of it may be old: the server isn't heard. */
  get isDisconnected(): boolean {
    return this.connection.trouble !== null;
  }

  /** Whether any of the runs goes on. */
  get isLive(): boolean {
    return this.rows.some(row => !isTerminal(row.status));
  }

  get rows(): readonly Row[] {
    return this.comparison?.runs ?? [];
  }

  set x(x: string) {
    if (x === this.wantedX) return;
    this.wantedX = x;
    this.load(true);
  }

  /** Somebody looks at it, or nobody does. */
  set seen(isSeen: boolean) {
    this.isSeen = isSeen;
    if (isSeen) this.loadIfStale(true);
  }

  add(run: string): void {
    if (this.ids.includes(run) || this.ids.length >= MOST_RUNS) return;
    this.change([...this.ids, run]);
  }

  remove(run: string): void {
    if (this.ids.includes(run)) this.change(this.ids.filter(id => id !== run));
  }

  /** Runs of the workspace that can be added, newest first. */
  async others(): Promise<readonly Row[]> {
    const { runs } = await this.api.runs(this.workspace, { limit: 200 });
    return runs.filter(row => !this.ids.includes(row.id));
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.asked++; // an answer that is on its way finds nobody
    this.isSeen = false;
    for (const end of this.ends) end();
  }

  private change(ids: readonly string[]): void {
    this.ids = ids;
    this.comparison = this.comparison && without(this.comparison, ids);
    void this.findColumns();
    this.load(true);
    this.changed();
  }

  private heard({ reset, rows, gone }: RowsNews): void {
    const deleted = gone.filter(id => this.ids.includes(id));
    if (deleted.length > 0) this.leaveOut(deleted);
    else if (reset || rows.some(row => this.ids.includes(row.id))) this.load();
  }

  /** Load it again when it is time to; at once if the reader waits for it. */
  private load(isAwaited = false): void {
    this.isStale = true;
    this.isAwaited ||= isAwaited;
    if (!this.isSeen || (this.isLoading && !this.isAwaited)) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(
      () => void this.ask(),
      this.isAwaited ? 0 : Math.max(0, this.pauseUntil - Date.now()),
    );
  }

  private loadIfStale(isAwaited = false): void {
    if (this.isStale) this.load(isAwaited);
  }

  private async ask(): Promise<void> {
    const number = ++this.asked;
    this.isStale = this.isAwaited = false;
    if (this.ids.length < LEAST_RUNS) {
      this.changed();
      return;
    }
    this.isLoading = true;
    const start = Date.now();
    try {
      const found = await this.api.compare(this.workspace, this.ids, this.wantedX);
      if (number !== this.asked) return;
      this.comparison = found;
      this.problem = null;
    } catch (error) {
      if (number !== this.asked) return;
      await this.explain(error, number);
    } finally {
      if (number === this.asked) {
        this.isLoading = false;
        this.pauseUntil = Date.now() + Math.max(PAUSE_MS, PAUSE_FACTOR * (Date.now() - start));
        this.loadIfStale();
        this.changed();
      }
    }
  }

  /** Of a refusal: find out whether runs are gone; say anything else. */
  private async explain(error: unknown, number: number): Promise<void> {
    if (error instanceof ServerError && error.status === 404) {
      const gone = await this.findGone();
      if (number !== this.asked) return;
      if (gone.length > 0) {
        this.leaveOut(gone);
        return;
      }
    }
    this.fail(error instanceof Error ? error.message : String(error));
    if (!(error instanceof ServerError) || error.status === 0 || error.status >= 500) {
      this.timer = setTimeout(() => void this.ask(), RETRY_MS);
    }
  }

  private async findGone(): Promise<string[]> {
    const found = await Promise.all(
      this.ids.map(run =>
        this.api.run({ workspace: this.workspace, run }).then(
          () => null,
          (error: unknown) => (error instanceof ServerError && error.status === 404 ? run : null),
        ),
      ),
    );
    return found.filter(run => run !== null);
  }

  private leaveOut(runs: readonly string[]): void {
    this.deleted.push(...runs.map(id => this.rows.find(row => row.id === id)?.display_name ?? id));
    this.change(this.ids.filter(id => !runs.includes(id)));
  }

  private fail(message: string): void {
    this.problem = message;
    this.changed();
  }

  /** Ask which columns the charts can be over: those of rows that a line can be drawn over. */
  private async findColumns(): Promise<void> {
    const found = new Set<string>();
    for (const run of this.ids) {
      const heads = await this.api.metrics({ workspace: this.workspace, run }).catch(() => []);
      for (const head of heads) {
        if (hasIndex(head) || series(head).kind !== 'chart') continue;
        for (const { name } of head.columns.filter(canBeX)) found.add(name);
      }
    }
    const columns = [...found].filter(name => name !== 'step' && name !== 'time');
    if (columns.join('\n') === this.columns.join('\n')) return;
    this.columns = columns;
    this.changed();
  }
}

/** What is known of some of the runs, until the server has said it anew. */
function without(comparison: Comparison, ids: readonly string[]): Comparison {
  const kept = comparison.runs.flatMap((row, i) => (ids.includes(row.id) ? [i] : []));
  const of = <T>(values: readonly T[]): T[] => kept.map(i => values[i] as T);
  const lines = (compared: Comparison['tags']): Comparison['tags'] =>
    compared.map(line => {
      const values = of(line.values);
      return {
        ...line,
        values,
        differs: line.differs && new Set(values.map(value => JSON.stringify(value))).size > 1,
      };
    });
  return {
    runs: of(comparison.runs),
    parameters: lines(comparison.parameters),
    tags: lines(comparison.tags),
    metrics: lines(comparison.metrics),
    facts: lines(comparison.facts),
    cells: of(comparison.cells),
    files: comparison.files
      .map(file => ({ ...file, hashes: of(file.hashes), texts: of(file.texts) }))
      .filter(({ hashes }) => new Set(hashes).size > 1),
    curves: comparison.curves.map(curve => ({
      ...curve,
      series: curve.series.filter(({ run }) => ids.includes(run)),
    })),
  };
}
