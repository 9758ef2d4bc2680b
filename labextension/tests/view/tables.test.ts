import { expect, test, vi } from 'vitest';
import { Metric } from '../../src/data/metric';
import type { ColumnType, Value } from '../../src/data/protocol';
import { series } from '../../src/data/series';
import type { MetricColumns, MetricQuery } from '../../src/server/openapi';
import { Format } from '../../src/view/format';
import { TableCard } from '../../src/view/table_card';
import { wordsIn } from '../../src/view/words';
import { card, show, texts, text, until } from './setup';

const locale = { words: wordsIn('en'), format: new Format('en') };
type Cells = Readonly<Record<string, readonly (string | null)[]>>;

/** A table as a view holds it. */
function table(cells: Cells, rows?: number, types: Readonly<Record<string, ColumnType>> = {}): Metric {
  const metric = new Metric('m');
  add(metric, cells, 0, rows, types);
  return metric;
}

function add(
  metric: Metric,
  cells: Cells,
  at: number,
  rows?: number,
  types: Readonly<Record<string, ColumnType>> = {},
) {
  const length = at + (Object.values(cells)[0]?.length ?? 0);
  const columns = Object.entries(cells).map(([name, column]) => ({
    name,
    type: types[name] ?? 'number',
    ordered: false,
    buffer: null,
    text: [...column],
    last: null,
  }));
  metric.apply({ name: 'm', kind: 'table', rows: rows ?? length, columns, at, length }, [], false);
}

function drawn(metric: Metric, readMetric?: (query: MetricQuery) => Promise<MetricColumns>): TableCard {
  const made = new TableCard('m', locale, readMetric ? { readMetric } : {});
  document.body.append(made.element);
  made.update(metric, series(metric));
  return made;
}

const count = (length: number): string[] => Array.from({ length }, (_, i) => String(i));
const rowsOf = ({ element }: TableCard): number => element.querySelectorAll('tbody tr').length;
const button = ({ element }: TableCard): HTMLButtonElement => element.querySelector('button')!;

test('a class of its own beside numbers is a table, and so is an x that turns: no line is drawn', async () => {
  const { place } = show('tables');
  await until(() => place.querySelector('td') !== null, 'the first table is drawn');
  const [perClass, predicted] = [...place.querySelectorAll('.cellrun-card:has(table)')];
  expect(texts(perClass!, 'th')).toEqual(['class', 'precision', 'support']);
  const rows = [
    ['setosa', '0.9800', '50'],
    ['versicolor', '0.9123', '48'],
    ['virginica', '1.2345e−5', '52'],
  ];
  expect(texts(perClass!, 'td')).toEqual(rows.flat());
  predicted!.scrollIntoView();
  await until(() => predicted!.querySelector('td') !== null, 'the table in sight is drawn');
  expect(texts(predicted!, 'th')).toEqual(['predicted', 'actual']);
  (await card(place, 'roc')).scrollIntoView(); // its x only goes up
});

test('numbers are read as numbers, each exact in its title', () => {
  const metric = table({ x: ['1', '2.5', 'nan', '-inf', '1e-07', 'n/a', null, '9007199254740993'] });
  const card = drawn(metric);
  expect(texts(card.element, 'td')).toEqual([
    '1.0000',
    '2.5000',
    'NaN',
    '−∞',
    '1.0000e−7',
    'n/a',
    '–',
    '9,007,199,254,740,993',
  ]);
  expect(card.element.querySelectorAll('td')[4]!.title).toBe('1e-07');
  expect(texts(drawn(table({ n: ['1', '1200'] })).element, 'td')).toEqual(['1', '1,200']);
});

test('its first rows, the rest at a wish; what isn’t held is read', async () => {
  const values = (from: number, to: number): Value[] => count(to).slice(from).map(Number);
  const read = vi.fn((query: MetricQuery) =>
    Promise.resolve({
      columns: [
        { name: 'a', type: 'number', values: values(query.start!, query.start! + query.count!) },
        { name: 'b', type: 'text', values: values(query.start!, query.start! + query.count!).map(String) },
      ],
    } as unknown as MetricColumns),
  );
  const held = count(200);
  const card = drawn(table({ a: held, b: held }, 250, { b: 'text' }), read);
  expect(rowsOf(card)).toBe(10);
  expect(text(card.element, '.cellrun-card-title')).toContain('first 10 of 250 rows');
  expect(button(card).textContent).toBe('Show 100 more');
  button(card).click();
  expect(rowsOf(card)).toBe(110);
  expect(read).not.toHaveBeenCalled();
  button(card).click();
  await until(() => rowsOf(card) === 210, 'rows were read');
  expect(read.mock.lastCall![0]).toEqual({ name: 'm', start: 200, count: 10, points: 10 });
  button(card).click();
  await until(() => rowsOf(card) === 250, 'the last rows were read');
  expect(button(card).hidden).toBe(true);
  expect(texts(card.element, 'tr:last-child td')).toEqual(['249', '249']);
  expect(text(card.element, '.cellrun-card-title')).toBe('m');
});

test('of whole numbers those that are read later are no more rounded than others', async () => {
  const later = { columns: [{ name: 'a', type: 'number', values: [1, 1.5] }] } as unknown as MetricColumns;
  const card = drawn(table({ a: count(200) }, 202), () => Promise.resolve(later));
  button(card).click();
  button(card).click();
  button(card).click();
  await until(() => rowsOf(card) === 202, 'the last rows were read');
  expect(texts(card.element, 'td').slice(-3)).toEqual(['199', '1', '1.5000']);
});

test('what can’t be read is said, and can be asked for again', async () => {
  const card = drawn(table({ a: count(200) }, 250), () => Promise.reject(new Error('no server')));
  button(card).click();
  button(card).click();
  await until(() => card.element.querySelector('.cellrun-muted')!.textContent === 'no server', 'why is said');
  expect(rowsOf(card)).toBe(200);
  expect(button(card).disabled).toBe(false);
});

test('where nothing can be read, what is held is all there is to show', () => {
  const card = drawn(table({ a: count(200) }, 250));
  button(card).click();
  button(card).click();
  expect(rowsOf(card)).toBe(200);
  expect(button(card).hidden).toBe(true);
  expect(text(card.element, '.cellrun-card-title')).toContain('first 200 of 250 rows');
});

test('rows that come are added, and those that are there stay', () => {
  const metric = table({ a: ['x'] }, 1, { a: 'text' });
  const card = drawn(metric);
  const first = card.element.querySelector('td');
  add(metric, { a: ['y'] }, 1, 2, { a: 'text' });
  card.update(metric, series(metric));
  expect(texts(card.element, 'td')).toEqual(['x', 'y']);
  expect(card.element.querySelector('td')).toBe(first);
  add(metric, { a: ['x', 'y', 'z'], later: [null, null, '1'] }, 0, 3, { a: 'text' });
  card.update(metric, series(metric));
  expect(texts(card.element, 'td')).toEqual(['x', '–', 'y', '–', 'z', '1']);
});
