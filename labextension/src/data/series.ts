/** Whether a metric is shown as a tile, a chart or a table, by its shape. */

import type { ColumnType, MetricKind } from './protocol';

/** A column by name; `ordered` is false where its numbers turn, so that no line can be drawn over them. */
export interface ColumnShape {
  readonly name: string;
  readonly type: ColumnType;
  readonly ordered?: boolean;
}

/** What `series` needs to know of a metric. */
export interface MetricShape {
  readonly name: string;
  readonly kind: MetricKind;
  readonly rows: number;
  readonly columns: readonly ColumnShape[];
}

/** How a metric is shown: `lines` over `x` (column names) in a chart, the last of `lines` in a tile. */
export interface Series {
  readonly kind: 'tile' | 'chart' | 'table';
  readonly title: string;
  readonly subtitle: string;
  readonly x: string | null;
  readonly lines: readonly string[];
}

/** Names of the index that goes before logged columns; `#` where a logged one has the name. */
const ROW_INDEXES: ReadonlySet<string> = new Set(['row', '#']);

/**
 * What a metric is shown as. Its twin is `core/live/series.py`; both are tested on `tests/data/series.json`.
 *
 * One value is read, so it is a tile; several are compared, so they are a chart; text has no curve. Rows of two or more
 * numbers are a curve from the first row on: what will be a chart doesn't begin as a tile. Rows with a text are read by
 * row, however many they are, and where x turns, the rows are no curve: both are a table.
 */
export function series(metric: MetricShape): Series {
  const { name: title, kind, rows, columns } = metric;
  const indexed = hasIndex(metric);
  const logged = columns.slice(indexed ? 1 : 0).map(column => column.name);
  const [x, ...others] = columns.filter(column => column.type === 'number');
  const hasText = !isCounted(kind) && columns.some(column => column.type === 'text');
  if (indexed && rows <= 1 && !hasText) return { kind: 'tile', title, subtitle: '', x: null, lines: logged };
  if (!x || others.length === 0 || hasText || !canBeX(x))
    return { kind: 'table', title, subtitle: '', x: null, lines: logged };
  const lines = others.map(column => column.name);
  const over = `over ${x.name}`;
  const subtitle = isCounted(kind) ? '' : lines.length === 1 ? `${lines[0] ?? ''} ${over}` : over;
  return { kind: 'chart', title, subtitle, x: x.name, lines };
}

/** Whether a line can be drawn over a column. */
export function canBeX({ type, ordered = true }: Omit<ColumnShape, 'name'>): boolean {
  return type === 'number' && ordered;
}

/** Whether the first column is a count that nobody logged: the step, or the row. */
export function hasIndex({ kind, columns }: Pick<MetricShape, 'kind' | 'columns'>): boolean {
  return isCounted(kind) || ROW_INDEXES.has(columns[0]?.name ?? '');
}

/** Whether the values came one by one, so that their x is a count that nobody chose. */
function isCounted(kind: MetricKind): boolean {
  return kind === 'log' || kind === 'list';
}
