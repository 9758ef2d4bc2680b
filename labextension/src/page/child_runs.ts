import type { Status } from '../data/protocol';
import type { Api, RunKey } from '../server/api';
import type { Connection, Listing } from '../server/connection';
import { ChangedMeanwhile } from '../server/changed_meanwhile';
import type { RowsNews } from '../server/stream_messages';
import type { Row } from '../server/openapi';
import { saidHere } from '../view/said';

/** So many child runs are shown; who has more finds them in the list of runs. */
const MOST = 1000;

/** The child runs of a run, kept as they are on the server. */
export class ChildRuns {
  /** What went wrong last, in words; null while all is well. */
  problem: string | null = null;
  /** How many there are, those included that aren't held. */
  total = 0;
  private readonly rows = new Map<string, Row>();
  private readonly meanwhile = new ChangedMeanwhile();
  private readonly listing: Listing;

  constructor(
    private readonly api: Api,
    stream: Pick<Connection, 'list'>,
    private readonly key: RunKey,
    private readonly changed: () => void,
  ) {
    // The stream's first word is that the list is to be loaded.
    this.listing = stream.list(key.workspace, [], {
      rows: news => this.hear(news),
      error: (_status, message) => this.fail(saidHere(message)),
    });
  }

  /** In the order in which they were made. */
  get all(): readonly Row[] {
    return [...this.rows.values()].sort((a, b) => a.created_at - b.created_at || a.number - b.number);
  }

  /** How many have each status, in the order in which the first of each was made. */
  get counts(): ReadonlyMap<Status, number> {
    const counts = new Map<Status, number>();
    for (const { status } of this.all) counts.set(status, (counts.get(status) ?? 0) + 1);
    return counts;
  }

  dispose(): void {
    this.listing.leave();
  }

  private hear(news: RowsNews): void {
    if (news.reset) void this.load();
    else {
      this.meanwhile.note([...news.rows.map(row => row.id), ...news.gone]);
      this.take(
        news.rows.filter(row => row.parent === this.key.run),
        news.gone,
      );
    }
  }

  private take(rows: readonly Row[], gone: readonly string[]): void {
    const before = this.rows.size;
    for (const row of rows) this.rows.set(row.id, row);
    for (const id of gone) this.rows.delete(id);
    if (rows.length === 0 && this.rows.size === before) return;
    this.total += this.rows.size - before;
    this.changed();
  }

  private async load(): Promise<void> {
    const { workspace, run } = this.key;
    try {
      const asked = this.api.runs(workspace, { parent: run, limit: MOST });
      const [page, heard] = await this.meanwhile.during(asked);
      const known = new Set([...page.runs.map(row => row.id), ...heard]);
      for (const id of this.rows.keys()) if (!known.has(id)) this.rows.delete(id);
      for (const row of page.runs) if (!heard.has(row.id)) this.rows.set(row.id, row);
      this.total = Math.max(page.total, this.rows.size);
      this.problem = null;
      this.changed();
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  private fail(message: string): void {
    this.problem = message;
    this.changed();
  }
}
