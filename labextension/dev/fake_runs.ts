import type { Status } from '../src/data/protocol';
import type { RowsListener, Listing } from '../src/server/connection';
import type { Trouble } from '../src/server/reconnecting_socket';
import type { Row, RunPage, Workspace } from '../src/server/openapi';

/** Seconds since the epoch at which the newest of the fake runs was submitted. */
export const NOW = Math.floor(Date.now() / 1000);

/** A run for lists: completed, of the experiment `digits`, unless said otherwise. */
export function row(number: number, part: Partial<Row> = {}): Row {
  const experiment = part.experiment ?? 'digits';
  const name = `${experiment}-${number}`;
  const created = NOW - 10_000 + number;
  return {
    id: `${experiment}_${number}`,
    name,
    number,
    experiment,
    display_name: name,
    kind: 'script',
    target: 'local',
    status: 'Completed',
    reason: null,
    created_at: created,
    started_at: created + 1,
    ended_at: created + 1 + (number % 90),
    parent: null,
    children: 0,
    type: null,
    tags: {},
    parameters: { lr: String(number / 1000) },
    metrics: { loss: 1 / (number + 1), accuracy: number / 10_000 },
    sparks: { loss: [255, 120, 60, 30, 15, 8, 4, 0], accuracy: [0, 200, 255] },
    cell: null,
    ...part,
  };
}

/** A run that hasn't ended. */
export function live(number: number, status: Status = 'Running', part: Partial<Row> = {}): Row {
  const started = status === 'Queued' ? null : Date.now() / 1000 - 42;
  return row(number, { status, started_at: started, ended_at: null, ...part });
}

const WAVE = Array.from({ length: 60 }, (_, i) => Math.round(127 + 120 * Math.sin(i / 6)));

/** Runs as people have them: long names, values of all sizes, all stages. */
export const LISTED: readonly Row[] = [
  live(3, 'Running', { metrics: { loss: 0.131 } }),
  live(5, 'Queued', { metrics: {}, sparks: {}, reason: 'waits for 1 GPU · 2 before it' }),
  row(4, { status: 'Failed', reason: 'exit code 1', metrics: { loss: 1.031 }, ended_at: NOW - 9000 }),
  row(2, { metrics: { loss: 1.2345e-5 } }),
  row(1, { status: 'Canceled', metrics: { loss: -1.2345e-105 }, ended_at: NOW + 90_000 }),
  ...[11, 12, 13].map(number =>
    row(number, {
      experiment: 'example',
      name: `example-of-a-long-name-${number}`,
      display_name: `example-of-a-long-name-${number}`,
      metrics: { sine: -0.544 * number },
      sparks: { sine: WAVE },
      created_at: NOW - 20_000 + number,
    }),
  ),
  row(21, {
    experiment: 'sweep-lr',
    display_name: 'resnet50 with a warm-up and cosine decay, second try',
    metrics: { 'validation/top5_accuracy': 123_456_789 },
    sparks: { 'validation/top5_accuracy': WAVE },
    created_at: NOW - 30_000,
  }),
];

/** Stands for the server as far as lists of runs go: REST by `fetch`, news by `list`. */
export class FakeRuns {
  rows: Row[];
  workspaces: Workspace[] = [{ id: 'w1', name: 'mine', folder: '/home/me/mine', runs: 1, latest_at: 2 }];
  /** What was asked for, in order: method, path, body. */
  readonly asked: { method: string; path: string; query: URLSearchParams; body: unknown }[] = [];
  /** Answers with this error while it is set. */
  failure: { status: number; message: string } | null = null;
  /** Why a run isn't run again without trust. */
  untrusted = '';
  /** Why a run can't be deleted, by id. */
  readonly refused = new Map<string, string>();
  /** The children that are deleted with a run, by its id. */
  readonly below = new Map<string, string[]>();
  state: 'idle' | 'connecting' | 'open' | 'retrying' = 'open';
  retryAt: number | null = null;
  trouble: Trouble | null = null;
  retries = 0;
  /** Whether the index is there: until then, only the newest ten runs are known. */
  isComplete = true;
  /** Waits before an answer, for tests of what comes in between. */
  delay: () => Promise<void> = () => Promise.resolve();
  listings: { workspace: string; sparks: readonly string[]; listener: RowsListener }[] = [];
  private readonly listeners = new Set<() => void>();
  private cursor = 0;

  constructor(rows: readonly Row[] = []) {
    this.rows = [...rows];
  }

  readonly fetch: typeof fetch = async (address, init) => {
    const url = new URL(address as string, 'http://fake/');
    const path = url.pathname.replace(/^.*cellrun\/api\//u, '');
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : null;
    const method = init?.method ?? 'GET';
    this.asked.push({ method, path, query: url.searchParams, body });
    await this.delay();
    if (this.failure) return Response.json(this.failure, { status: this.failure.status });
    if (this.untrusted && path.endsWith('/again') && !(body as { trust?: boolean }).trust)
      return Response.json({ message: '', status: 409, untrusted: this.untrusted }, { status: 409 });
    return Response.json(this.answer(method, path, url.searchParams, body));
  };

  /** What a connection does. */
  list(workspace: string, sparks: readonly string[], listener: RowsListener): Listing {
    const listing = { workspace, sparks, listener };
    this.listings.push(listing);
    queueMicrotask(() => this.tell({ reset: true }));
    return {
      setSparks: changed => (listing.sparks = changed),
      leave: () => (this.listings = this.listings.filter(one => one !== listing)),
    };
  }

  onState(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  retry(): void {
    this.retries++;
  }

  become(state: FakeRuns['state'], retryAt: number | null = null, trouble: Trouble | null = null): void {
    Object.assign(this, { state, retryAt, trouble });
    for (const listener of this.listeners) listener();
  }

  /** Change runs on the server, and tell it. */
  change(rows: readonly Row[], gone: readonly string[] = []): void {
    const changed = new Map(rows.map(one => [one.id, one]));
    this.rows = this.rows.filter(({ id }) => !gone.includes(id)).map(one => changed.get(one.id) ?? one);
    this.rows.push(...rows.filter(({ id }) => !this.rows.some(one => one.id === id)));
    this.tell({ rows, gone });
  }

  private tell(news: { reset?: boolean; rows?: readonly Row[]; gone?: readonly string[] }): void {
    const message = { type: 'rows', channel: 1, epoch: 'e', cursor: ++this.cursor } as const;
    for (const { listener } of this.listings)
      listener.rows({ ...message, reset: false, rows: [], gone: [], ...news });
  }

  private answer(method: string, path: string, query: URLSearchParams, body: unknown): unknown {
    const [, workspace, what, run, act] = path.split('/').map(decodeURIComponent);
    if (workspace === undefined) return { workspaces: this.workspaces };
    if (what === 'delete') return this.deletion(body as { runs: string[]; dry: boolean });
    if (run === undefined) return this.page(query);
    const found = this.rows.find(({ id }) => id === run) ?? row(0);
    if (act === 'cancel') return this.put({ ...found, status: 'CancelRequested' });
    if (act === 'again')
      return this.put(live(found.number + 1000, 'Queued', { experiment: found.experiment }));
    if (method === 'PATCH') return this.put(patched(found, body as Patch));
    return { row: found, code: `run = Run.get(ws, '${run}')` };
  }

  private put(changed: Row): Row {
    this.change([changed]);
    return changed;
  }

  private page(query: URLSearchParams): RunPage {
    const text = query.get('text') ?? '';
    const status = query.getAll('status');
    const parent = query.get('parent');
    const fits = this.rows
      .filter(one => parent === null || one.parent === parent)
      .filter(one => one.name.includes(text) && (status.length === 0 || status.includes(one.status)))
      .sort((a, b) => b.created_at - a.created_at);
    const offset = Number(query.get('offset') ?? 0);
    const known = this.isComplete ? fits : fits.slice(0, 10);
    const runs = known.slice(offset, offset + Number(query.get('limit') ?? 50));
    return { runs, total: known.length, is_complete: this.isComplete };
  }

  private deletion({ runs, dry }: { runs: string[]; dry: boolean }): object {
    const family = new Set(runs.flatMap(id => [id, ...(this.below.get(id) ?? [])]));
    const answer = [...family].map(id => ({
      id,
      name: this.rows.find(one => one.id === id)?.name ?? id,
      size_bytes: 1_500_000,
      refused: this.refused.get(id) ?? null,
    }));
    const gone = answer.filter(one => one.refused === null).map(one => one.id);
    if (!dry) this.change([], gone);
    return { runs: answer, freed_bytes: gone.length * 1_500_000 };
  }
}

interface Patch {
  display_name?: string;
  tags?: Record<string, string | null>;
  remove_tags?: string[];
}

function patched(held: Row, { display_name, tags, remove_tags = [] }: Patch): Row {
  const kept = Object.entries(held.tags).filter(([name]) => !remove_tags.includes(name));
  return {
    ...held,
    display_name: display_name ?? held.display_name,
    tags: { ...Object.fromEntries(kept), ...tags },
  };
}
