import { fill } from '../i18n/fill';
import type { FileTable } from '../server/openapi';
import { h, type Properties } from '../view/dom';
import type { PageLocale } from './locale';

/** The tables of a file, each with what is told of it; `download` is the way to what isn't shown. */
export function tablePreviews(tables: readonly FileTable[], name: string, locale: PageLocale): Node[] {
  if (tables.length === 0) return [h('p', { class: 'cellrun-empty' }, locale.page.noTables)];
  const parts = tables.flatMap(table => {
    const note = h('p', { class: 'cellrun-empty' }, noteOf(table, locale));
    return table.rows.length > 0 ? [note, rowsOf(table, table.title || name)] : [note];
  });
  return [h('div', { class: 'cellrun-tables', data: { count: String(tables.length) } }, ...parts)];
}

/** `weights · 64 × 10 · float32 · the first 64 of 1,000 rows`. */
function noteOf(table: FileTable, { page, format }: PageLocale): Node | string {
  const { title, shape, dtype, rows, rows_total: total, columns, columns_total: width, why } = table;
  const count = (n: number): string => format.count(n);
  const told: string[] = [];
  if (shape) told.push(shape.length > 0 ? shape.map(count).join(' × ') : page.scalar);
  if (dtype !== undefined) told.push(dtype);
  if (shape && shape.length > 2 && rows.length > 0) told.push(page.firstMatrix);
  if (why) told.push(why === 'objects' ? page.objectsNotRead : page.damaged);
  else if (total === null) told.push(fill(page.firstRows, { n: count(rows.length) }));
  else if (total !== rows.length) told.push(fill(page.rowsOf, { n: count(rows.length), all: count(total) }));
  else if (!shape) told.push(total === 1 ? page.row : fill(page.rows, { n: count(total) }));
  if (!why && width > columns.length)
    told.push(fill(page.columnsOf, { n: count(columns.length), all: count(width) }));
  const text = told.join(' · ');
  return title === '' ? text : h('span', {}, h('b', {}, title), text === '' ? '' : ` · ${text}`);
}

function rowsOf({ columns, numeric, rows }: FileTable, label: string): HTMLElement {
  const kind = (at: number): Properties => (numeric[at] ? { class: 'cellrun-number' } : {});
  const heading = columns.map((name, at) => h('th', { scope: 'col', ...kind(at) }, name));
  const body = rows.map(row => {
    const cells = columns.map((_, at) => h('td', kind(at), row[at] ?? ''));
    return h('tr', {}, ...cells);
  });
  const table = h('table', {}, h('thead', {}, h('tr', {}, ...heading)), h('tbody', {}, ...body));
  return h('div', { class: 'cellrun-table', role: 'region', tabindex: 0, 'aria-label': label }, table);
}
