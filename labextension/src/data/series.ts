import type { ColumnType, MetricKind } from './protocol';

/** What `series` needs to know of a metric. */
export interface MetricShape {
  readonly name: string;
  readonly kind: MetricKind;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
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
 * numbers are a curve from the first row on: what will be a chart doesn't begin as a tile.
 */
export function series(metric: MetricShape): Series {
  const { name: title, kind, rows, columns } = metric;
  const indexed = hasIndex(metric);
  const logged = columns.slice(indexed ? 1 : 0).map(column => column.name);
  const [x = null, ...lines] = columns.filter(column => column.type === 'number').map(column => column.name);
  if (indexed && rows <= 1) return { kind: 'tile', title, subtitle: '', x: null, lines: logged };
  if (lines.length === 0) return { kind: 'table', title, subtitle: '', x: null, lines: logged };
  const over = `over ${x ?? ''}`;
  const subtitle = isCounted(kind) ? '' : lines.length === 1 ? `${lines[0] ?? ''} ${over}` : over;
  return { kind: 'chart', title, subtitle, x, lines };
}

/** Whether the first column is a count that nobody logged: the step, or the row. */
export function hasIndex({ kind, columns }: Pick<MetricShape, 'kind' | 'columns'>): boolean {
  return isCounted(kind) || ROW_INDEXES.has(columns[0]?.name ?? '');
}

/** Whether the values came one by one, so that their x is a count that nobody chose. */
function isCounted(kind: MetricKind): boolean {
  return kind === 'log' || kind === 'list';
}
