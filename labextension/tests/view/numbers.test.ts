import { describe, expect, test } from 'vitest';
import { Metric } from '../../src/data/metric';
import type { Value } from '../../src/data/protocol';
import { series } from '../../src/data/series';
import { Format } from '../../src/view/format';
import { TableCard } from '../../src/view/table_card';
import { Tiles } from '../../src/view/tiles';
import { wordsIn } from '../../src/view/words';
import { digits, FakeServer, line } from '../compare/fake_server';
import { shown as compared } from '../compare/setup';
import { show, until } from './setup';

const GIVEN: readonly (readonly [Value, RegExp])[] = [
  [1.2345e-5, /^1(\.\d+)?e−5$/],
  [-1.2345e-300, /^−1(\.\d+)?e−300$/],
  [123456789012, /^(123,456,789,012|1(\.\d+)?e11)$/],
  [-0.00012345, /^(−0\.0001\d*|−1(\.\d+)?e−4)$/],
  [{ int: '123456789012345678901234567890' }, /^(123(,\d{3}){9}|1(\.\d+)?e29)$/],
  [{ float: 'NaN' }, /^NaN$/],
  [{ float: '-Infinity' }, /^−∞$/],
];

/** Whether all of an element's text can be seen. */
function isWhole(element: HTMLElement): boolean {
  const range = document.createRange();
  range.selectNodeContents(element);
  const [text, box] = [range.getBoundingClientRect(), element.getBoundingClientRect()];
  const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
  return text.width > 0 && text.left >= box.left - 1 && text.right <= box.right + 1 && lines === 1;
}

/** Wait until each element says the value that is expected of it, as a whole. */
async function whole(elements: () => readonly HTMLElement[]): Promise<void> {
  const wrong = (): (string | undefined)[] =>
    GIVEN.map(([, expected], i) => ({ element: elements()[i], expected }))
      .filter(({ element, expected }) => !element || !expected.test(element.innerText) || !isWhole(element))
      .map(({ element }) => element?.innerText);
  await until(() => wrong().length === 0, 'all are whole').catch(() => expect(wrong()).toEqual([]));
}

describe('a number is never cut', () => {
  test('in a tile, however narrow it is or becomes', async () => {
    const { place } = show(undefined, 400);
    const tiles = new Tiles({ words: wordsIn('en'), format: new Format('en') });
    place.querySelector('.cellrun')!.append(tiles.element);
    for (const [i, [value]] of GIVEN.entries()) {
      const metric = new Metric(`m${i}`);
      const column = {
        name: 'x',
        type: 'number' as const,
        ordered: true,
        buffer: null,
        text: ['0'],
        last: value,
      };
      metric.apply({ name: `m${i}`, kind: 'log', rows: 1, columns: [column], at: 0, length: 1 }, [], false);
      tiles.update(metric, { ...series(metric), lines: ['x'] });
    }
    const values = (): HTMLElement[] => [...tiles.element.querySelectorAll('dd')];
    for (const width of [400, 160, 110, 400]) {
      place.style.width = `${width}px`;
      await whole(values);
    }
    await until(() => values()[2]!.innerText === '123,456,789,012', 'where there is room again it is whole');
  });

  test('in a cell of a table, which scrolls to the side where it is wider than its place', () => {
    const { place } = show(undefined, 150);
    const texts = [
      '1.2345e-05',
      '-1.2345e-300',
      '123456789012',
      '-0.00012345',
      '1' + '0'.repeat(29),
      'nan',
      '-inf',
    ];
    const metric = new Metric('m');
    const columns = ['a', 'b'].map(name => ({
      name,
      type: 'number' as const,
      ordered: false,
      buffer: null,
      text: texts,
      last: null,
    }));
    metric.apply(
      { name: 'm', kind: 'table', rows: texts.length, columns, at: 0, length: texts.length },
      [],
      false,
    );
    const card = new TableCard('m', { words: wordsIn('en'), format: new Format('en') }, {});
    place.querySelector('.cellrun')!.append(card.element);
    card.update(metric, series(metric));
    const cells = [...card.element.querySelectorAll('td')];
    expect(cells.filter(cell => !isWhole(cell)).map(cell => cell.innerText)).toEqual([]);
    const region = card.element.querySelector('.cellrun-table')!;
    expect(region.scrollWidth).toBeGreaterThan(region.clientWidth);
    expect(getComputedStyle(region).overflowX).toBe('auto');
  });

  test.each([1000, 500, 300])('in a comparison of four runs at %i px', async width => {
    const server = new FakeServer();
    const [run] = digits().runs;
    const runs = [1, 2, 3, 4].map(n => ({ ...run!, id: `r${n}`, name: `r-${n}`, display_name: `r-${n}` }));
    const metrics = GIVEN.map(([value], i) => line(`m${i}`, [value, 1, value, null]));
    server.comparison = {
      ...digits(),
      runs,
      cells: [null, null, null, null],
      curves: [],
      parameters: [],
      metrics,
    };
    server.comparison = { ...server.comparison, tags: [], facts: [] };
    const { place } = await compared(server, {}, width);
    const cells = (column: number) => (): HTMLElement[] =>
      GIVEN.map((_, i) => {
        const rows = [...place.querySelectorAll('tbody tr')];
        const named = rows.find(row => row.querySelector('th span:nth-child(2)')?.textContent === `m${i}`);
        return named!.querySelectorAll('td')[column]!;
      });
    await whole(cells(0));
    await whole(cells(2));
    const view = place.firstElementChild as HTMLElement;
    expect(view.scrollWidth).toBeLessThanOrEqual(width);
  });
});
