/** A metric as a view holds it, with its columns. */

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
