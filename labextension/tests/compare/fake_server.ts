import { ServerError, type RunKey } from '../../src/server/api';
import type { Trouble } from '../../src/server/reconnecting_socket';
import type { RowsListener, Listing } from '../../src/server/connection';
import type { RowsNews } from '../../src/server/stream_messages';
import type {
  Compared,
  Comparison,
  MetricColumns,
  MetricHead,
  MetricQuery,
  Row,
  RunDetails,
  RunPage,
} from '../../src/server/openapi';

export function row(id: string, fields: Partial<Row> = {}): Row {
  const number = Number(id.replace(/\D/g, '')) || 1;
  return {
    id,
    name: id,
    number,
    experiment: 'digits',
    display_name: id,
    kind: 'cell',
    target: 'local',
    status: 'Completed',
    reason: null,
    created_at: 1795507200,
    started_at: 1795507201,
    ended_at: 1795507300,
    parent: null,
    children: 0,
    type: null,
    tags: {},
    parameters: {},
    metrics: {},
    sparks: {},
    cell: null,
    ...fields,
  };
}

export function line(name: string, values: Compared['values']): Compared {
  return { name, values, differs: new Set(values.map(value => JSON.stringify(value))).size > 1 };
}

const course = (from: number, to: number): number[] =>
  Array.from({ length: 60 }, (_, i) => to + (from - to) * Math.exp(-i / 12));

/** The comparison of the drawings. */
export function digits(): Comparison {
  const runs = ['digits-3', 'digits-2', 'digits-1'].map(id => row(id));
  const steps = Array.from({ length: 60 }, (_, i) => i);
  const curve = (name: string, ends: readonly [number, number][]): Comparison['curves'][number] => ({
    name,
    x: 'step',
    y: name,
    series: runs.map(({ id }, i) => ({ run: id, x: steps, y: course(ends[i]![0], ends[i]![1]) })),
  });
  const cell = '%%submit digits\nfor epoch in range(60):\n    train()\n    run.log("loss", loss())';
  return {
    runs,
    parameters: [line('learning_rate', ['0.001', '0.01', '0.1']), line('momentum', ['0.9', '0.9', '0.9'])],
    metrics: [line('accuracy', [0.9639, 0.9583, 0.9361]), line('loss', [0.13, 0.14, 0.12])],
    tags: [line('owner', ['me', null, ''])],
    cells: [cell, cell.replace('60', '50').replace('train', 'fit'), cell],
    files: [],
    facts: [line('git', ['a1b2c3d', 'a1b2c3d', 'a1b2c3d +3']), line('duration', [99, 99, 99])],
    curves: [
      curve('loss', [
        [2.2, 0.12],
        [1.5, 0.1],
        [2.9, 0.1],
      ]),
      curve('accuracy', [
        [0.38, 0.97],
        [0.36, 0.96],
        [0.33, 0.93],
      ]),
    ],
  };
}

/** Stands for the server: answers from `comparison`, and says news when a test does. */
export class FakeServer {
  comparison: Comparison | null = digits();
  /** What it was asked to compare: runs and x. */
  readonly asked: { runs: readonly string[]; x: string }[] = [];
  readonly parts: MetricQuery[] = [];
  readonly gone = new Set<string>();
  trouble: Trouble | null = null;
  heads: readonly MetricHead[] = [];
  rows: readonly Row[] = [];
  details = new Map<string, RunDetails>();
  private readonly lists = new Set<RowsListener>();
  private readonly listeners = new Set<() => void>();

  compare(_workspace: string, runs: readonly string[], x = 'step'): Promise<Comparison> {
    this.asked.push({ runs, x });
    if (runs.some(run => this.gone.has(run)))
      return Promise.reject(new ServerError(404, `no run ${runs.join()}`));
    if (!this.comparison) return Promise.reject(new ServerError(500, 'it broke'));
    return Promise.resolve(pick(this.comparison, runs, x));
  }

  run({ run }: RunKey): Promise<RunDetails> {
    const details = this.details.get(run);
    if (this.gone.has(run)) return Promise.reject(new ServerError(404, `no run ${run}`));
    return details ? Promise.resolve(details) : Promise.reject(new ServerError(500, 'no details'));
  }

  runs(): Promise<RunPage> {
    return Promise.resolve({ runs: this.rows, total: this.rows.length, is_complete: true });
  }

  metrics(): Promise<readonly MetricHead[]> {
    return Promise.resolve(this.heads);
  }

  metric(_key: RunKey, query: MetricQuery): Promise<MetricColumns> {
    this.parts.push(query);
    const columns = ['step', query.name].map(name => ({ name, type: 'number' as const, values: [1, 2, 3] }));
    return Promise.resolve({
      name: query.name,
      kind: 'log',
      rows: 3,
      x: 'step',
      columns,
      exact: true,
      next: 3,
      damage: [],
    });
  }

  list(_workspace: string, _sparks: readonly string[], listener: RowsListener): Listing {
    this.lists.add(listener);
    return { setSparks: () => undefined, leave: () => this.lists.delete(listener) };
  }

  onState(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Whether anyone still listens. */
  get isHeard(): boolean {
    return this.lists.size > 0;
  }

  tell(news: Partial<RowsNews>): void {
    const whole = {
      type: 'rows',
      channel: 1,
      epoch: 'e',
      cursor: 1,
      reset: false,
      rows: [],
      gone: [],
    } as const;
    for (const listener of [...this.lists]) listener.rows({ ...whole, ...news });
  }

  become(trouble: Trouble | null): void {
    this.trouble = trouble;
    for (const listener of [...this.listeners]) listener();
  }
}

function pick(comparison: Comparison, runs: readonly string[], x: string): Comparison {
  const places = runs.map(run => comparison.runs.findIndex(({ id }) => id === run));
  const of = <T>(values: readonly T[]): T[] => places.map(i => values[i]!);
  const lines = (all: readonly Compared[]): Compared[] =>
    all.map(({ name, values }) => line(name, of(values)));
  return {
    runs: of(comparison.runs),
    parameters: lines(comparison.parameters),
    metrics: lines(comparison.metrics),
    tags: lines(comparison.tags),
    facts: lines(comparison.facts),
    cells: of(comparison.cells),
    files: comparison.files.map(file => ({ ...file, hashes: of(file.hashes), texts: of(file.texts) })),
    curves: comparison.curves.map(curve => ({
      ...curve,
      x: x === 'step' ? curve.x : x,
      series: curve.series.filter(({ run }) => runs.includes(run)),
    })),
  };
}
