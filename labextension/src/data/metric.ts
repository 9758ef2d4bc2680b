import {
  numbersOf,
  type Attempt,
  type ColumnPart,
  type ColumnType,
  type MetricKind,
  type MetricPart,
  type Value,
  type WireBuffer,
} from './protocol';
import { Numbers } from './numbers';
import type { Series } from './series';

/** One column of a metric: `numbers` to draw, or `text` to read. `last` is its latest value, exact. */
export class Column {
  readonly numbers = new Numbers();
  readonly text: (string | null)[] = [];
  last: Value = null;

  constructor(
    readonly name: string,
    readonly type: ColumnType,
    readonly ordered = true,
  ) {}

  replace(at: number, part: ColumnPart, buffers: readonly WireBuffer[]): void {
    const buffer = part.buffer === null ? undefined : buffers[part.buffer];
    if (buffer) this.numbers.replace(at, numbersOf(buffer));
    if (part.text) this.text.splice(at, Infinity, ...part.text);
    this.last = part.last;
  }
}

/** One of its columns over another one, point by point. NaN is a gap. */
export interface MetricCurve {
  readonly name: string;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Its latest value, where one was told: at its end there is a gap if its process is behind the others. */
  readonly latest?: number;
}

/**
 * A metric as the view holds it.
 *
 * `rows` were logged; `length` of them are held, fewer when the kernel thinned them.
 */
export class Metric {
  rows = 0;
  length = 0;
  columns: readonly Column[] = [];
  kind: MetricKind = 'log';
  attempts: readonly Attempt[] = [];

  constructor(readonly name: string) {}

  column(name: string): Column | undefined {
    return this.columns.find(column => column.name === name);
  }

  /** Its curves over a column; without one, points stand at their positions. */
  curves({ x, lines }: Pick<Series, 'x' | 'lines'>): MetricCurve[] {
    const places =
      this.column(x ?? '')?.numbers.values ?? Float64Array.from({ length: this.length }, (_, i) => i);
    const breaks = this.attempts.length > 0 ? breaksOf(this.attempts, places) : [];
    return lines.map(name => {
      const column = this.column(name);
      const y = column?.numbers.values ?? new Float64Array();
      const latest = typeof column?.last === 'number' ? { latest: column.last } : {};
      return { name, x: withGaps(places, breaks), y: withGaps(y, breaks), ...latest };
    });
  }

  /**
   * Take in a part. False if it doesn't fit what is held, which then stays.
   *
   * `missed`: frames were lost since the last whole one. Then only a part that replaces everything, or that goes on
   * exactly at the end, is known to fit: what was lost may have been a thinning of the rows before.
   */
  apply(part: MetricPart, buffers: readonly WireBuffer[], missed: boolean): boolean {
    if (part.at === 0) {
      this.columns = part.columns.map(({ name, type, ordered }) => new Column(name, type, ordered));
    } else if (!this.continues(part, missed)) {
      return false;
    }
    part.columns.forEach((column, i) => this.columns[i]?.replace(part.at, column, buffers));
    this.kind = part.kind;
    this.rows = part.rows;
    this.length = part.length;
    this.attempts = part.attempts ?? [];
    return true;
  }

  private continues(part: MetricPart, missed: boolean): boolean {
    const fits = missed ? part.at === this.length : part.at <= this.length;
    return (
      fits &&
      part.columns.length === this.columns.length &&
      part.columns.every((column, i) => {
        const held = this.columns[i];
        const { name, type, ordered = true } = column;
        return held?.name === name && held.type === type && held.ordered === ordered;
      })
    );
  }
}

/** The places of the points at which another start of the run begins: no line leads there. */
function breaksOf(attempts: readonly Attempt[], x: Float64Array): number[] {
  const places = [...x.keys()].slice(1);
  const turns = places.filter(i => (x[i] ?? NaN) < (x[i - 1] ?? NaN));
  if (turns.length > 0) return turns.length <= attempts.length ? turns : [];
  return places.filter(i => attempts.some(([, from]) => (x[i - 1] ?? NaN) < from && from <= (x[i] ?? NaN)));
}

/** Values with a gap before each of these places; the same ones if there is none. */
function withGaps(values: Float64Array, breaks: readonly number[]): Float64Array {
  if (breaks.length === 0) return values;
  const all = new Float64Array(values.length + breaks.length);
  [0, ...breaks].forEach((from, i) => {
    all.set(values.subarray(from, breaks[i]), from + i);
    if (i < breaks.length) all[(breaks[i] ?? 0) + i] = NaN;
  });
  return all;
}
