/** Logged documents in Azure ML's schemas (confusion matrices and their kin), read from their JSON. */

/** A square of numbers: a row for each true class, a column for each predicted one. */
export interface Heatmap {
  readonly kind: 'heatmap';
  readonly labels: readonly string[];
  readonly rows: readonly (readonly number[])[];
}

export type Cell = number | string | null;

/** Rows, each parallel to `columns`. The names that aren't the document's: class, threshold, from, to. */
export interface DocumentTable {
  readonly kind: 'table';
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Of a table of lists, also of lists of several lengths: few characters could ask for a billion of them. */
const MOST_CELLS = 200_000;

type Data = Readonly<Record<string, unknown>>;

/**
 * What a logged document is shown as; null for one that isn't as its schema says: its JSON is shown then.
 *
 * Its twin is `core/live/document.py`; both are tested on `tests/data/documents.json`.
 */
export function documentContent(document: unknown): Heatmap | DocumentTable | null {
  const data = isObject(document) ? document.data : null;
  if (!isObject(document) || !isObject(data)) return null;
  if (document.schema_type === 'confusion_matrix') return heatmap(data);
  if (document.schema_type === 'accuracy_table') return accuracy(data);
  return columns(data);
}

function heatmap(data: Data): Heatmap | null {
  const { matrix, class_labels: labels } = data;
  if (!isList(matrix) || matrix.length === 0) return null;
  const rows = matrix.filter((row): row is number[] => isList(row) && row.length === matrix.length);
  if (rows.length < matrix.length || !rows.every(row => row.every(isNumber))) return null;
  const named = isList(labels) && labels.length === matrix.length;
  return { kind: 'heatmap', labels: rows.map((_, i) => (named ? String(labels[i]) : String(i))), rows };
}

function accuracy(data: Data): DocumentTable | null {
  const { probability_tables: tables, probability_thresholds: thresholds, class_labels: labels } = data;
  if (!isList(tables) || !tables.every(table => isList(table) && table.every(isList))) return null;
  const rows = (tables as unknown[][][]).flatMap((table, number) =>
    table.map((row, place) => [
      isList(labels) && number < labels.length ? String(labels[number]) : String(number),
      at(thresholds, place),
      ...[0, 1, 2, 3].map(column => at(row, column)),
    ]),
  );
  return { kind: 'table', columns: ['class', 'threshold', 'TP', 'FP', 'TN', 'FN'], rows };
}

/** Lists as columns; of edges, of which there is one more than of what lies between them, from and to. */
function columns(data: Data): DocumentTable | null {
  const found = new Map<string, readonly unknown[]>();
  for (const [name, values] of Object.entries(data)) {
    if (!isList(values) || values.some(value => isList(value) || isObject(value))) continue;
    if (name.endsWith('edges')) found.set('from', values.slice(0, -1)).set('to', values.slice(1));
    else found.set(name, values);
  }
  if (found.size === 0) return null;
  const count = [...found.values()].reduce((most, { length }) => Math.max(most, length), 0);
  if (count * found.size > MOST_CELLS) return null;
  const rows = Array.from({ length: count }, (_, row) => [...found.values()].map(values => at(values, row)));
  return { kind: 'table', columns: [...found.keys()], rows };
}

function at(values: unknown, place: number): Cell {
  const value = isList(values) ? (values[place] ?? null) : null;
  return value === null || typeof value === 'string' || isNumber(value) ? value : JSON.stringify(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
