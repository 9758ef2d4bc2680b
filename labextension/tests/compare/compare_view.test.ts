import axe from 'axe-core';
import { page, userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { ENGLISH } from '../../src/compare/words';
import { translateInto } from '../../src/i18n/translate';
import { card, find, text, until } from '../view/setup';
import { digits, FakeServer, line, row } from './fake_server';
import { button, cells, differing, rowNames, show, shown } from './setup';

describe('the table', () => {
  test('a column for each run, a row for each parameter, last value, tag, cell and fact', async () => {
    const { place } = await shown();
    expect(text(place, '.cellrun-header .cellrun-name')).toBe('Compare 3 runs');
    expect(text(place, '.cellrun-header .cellrun-experiment')).toBe('digits');
    const heads = [...place.querySelectorAll<HTMLElement>('thead th')];
    expect(heads.map(head => head.innerText.split(/\n+/).filter(one => one !== '×'))).toEqual([
      ['digits-3', 'Completed'],
      ['digits-2', 'Completed'],
      ['digits-1', 'Completed'],
    ]);
    expect(rowNames(place)).toEqual([
      'learning_rate',
      'momentum',
      'accuracy',
      'loss',
      'owner',
      'cell',
      'git',
      'duration',
    ]);
    expect(cells(place, 'learning_rate')).toEqual(['0.001', '0.01', '0.1']);
    expect(cells(place, 'owner')).toEqual(['me', '–', 'set']);
    expect(cells(place, 'cell')).toEqual(['4 lines', '2 lines differ', 'the same']);
    expect(cells(place, 'duration')).toEqual(['01:39', '01:39', '01:39']);
  });

  test('what differs is tinted, marked and said', async () => {
    const { place } = await shown();
    expect(differing(place)).toEqual(['learning_rate', 'accuracy', 'loss', 'owner', 'cell', 'git']);
    const [rate, momentum] = [...place.querySelectorAll('tbody tr')];
    const colour = (one: Element): string => getComputedStyle(one.querySelector('td')!).backgroundColor;
    expect(colour(rate!)).not.toBe(colour(momentum!));
    expect(rate!.querySelector('[role=img]')?.getAttribute('aria-label')).toBe('differs');
    expect(momentum!.querySelector('[role=img]')).toBeNull();
  });

  test('only what differs, at a wish', async () => {
    const { place } = await shown();
    button(place, 'Only differences').click();
    expect(rowNames(place)).toEqual(['learning_rate', 'accuracy', 'loss', 'owner', 'cell', 'git']);
    button(place, 'Only differences').click();
    expect(rowNames(place)).toHaveLength(8);
  });

  test('nothing that differs is said', async () => {
    const server = new FakeServer();
    server.comparison = { ...digits(), parameters: [line('a', ['1', '1', '1'])], metrics: [], tags: [] };
    server.comparison = { ...server.comparison, facts: [], cells: [null, null, null] };
    const { place } = await shown(server);
    button(place, 'Only differences').click();
    expect(text(place, 'tbody')).toBe('No row differs.');
  });

  test('the best value is bold where the name says which, and why', async () => {
    const { place } = await shown();
    const best = [...place.querySelectorAll<HTMLElement>('[data-best]')];
    expect(best.map(one => one.innerText)).toEqual(['0.9639', '0.1200']);
    expect(best.map(one => one.title)).toEqual([
      'The highest: of what is called accuracy, more is better.',
      'The lowest: of what is called loss, less is better.',
    ]);
  });

  test("the cell is compared with the notebook's, where that is open", async () => {
    const server = new FakeServer();
    const { place } = await shown(server, { cellNow: () => server.comparison?.cells[0] ?? null });
    expect(cells(place, 'cell')).toEqual(['as now', '2 lines differ', 'as now']);
  });

  test('names stay in sight however far it is scrolled', async () => {
    const server = new FakeServer();
    const runs = Array.from({ length: 20 }, (_, i) => row(`digits-${20 - i}`));
    const parameters = Array.from({ length: 40 }, (_, i) =>
      line(
        `p${i}`,
        runs.map((_run, j) => `${i}-${j}`),
      ),
    );
    server.comparison = { ...digits(), runs, parameters, metrics: [], tags: [], facts: [], curves: [] };
    server.comparison = { ...server.comparison, cells: runs.map(() => null) };
    const { place } = await shown(server);
    const body = find(place, '.cellrun-compare-body');
    body.scrollTo(900, 700);
    const box = body.getBoundingClientRect();
    const left = [...place.querySelectorAll('tbody th')].map(one => one.getBoundingClientRect().left);
    for (const one of left) expect(one).toBeCloseTo(box.left, 0);
    for (const head of place.querySelectorAll('thead th'))
      expect(head.getBoundingClientRect().top).toBeCloseTo(box.top, 0);
    const colours = [...place.querySelectorAll('.cellrun-compare-dot')].map(dot => dot.className);
    expect(new Set(colours).size).toBe(12); // six colours, as discs and as rings
  });
});

describe('which runs', () => {
  test('one is taken out, another one is added', async () => {
    const server = new FakeServer();
    server.rows = ['digits-3', 'digits-2', 'digits-1'].map(id => row(id));
    const { place, view } = await shown(server, {}, 1086, ['digits-3', 'digits-2', 'digits-1']);
    const colour = (): string[] =>
      [...place.querySelectorAll('.cellrun-compare-dot')].map(dot => getComputedStyle(dot).color);
    const before = colour();
    button(place, 'Take digits-2 out of the comparison').click();
    await until(() => place.querySelectorAll('thead th').length === 2, 'it is out');
    expect(colour()).toEqual([before[0], before[2]]);
    const select = find(place, '.cellrun-compare-add') as HTMLSelectElement;
    select.focus();
    await until(() => select.options.length === 2, 'the others are offered');
    await userEvent.selectOptions(select, 'digits-2');
    await until(() => place.querySelectorAll('thead th').length === 3, 'it is in');
    expect(view.runs).toEqual(['digits-3', 'digits-1', 'digits-2']);
    expect(new Set(colour())).toEqual(new Set(before));
  });

  test('one alone is no comparison', async () => {
    const { place } = show(new FakeServer(), {}, 1086, ['digits-3']);
    await until(() => place.innerText.includes('A comparison takes two runs or more.'), 'it is said');
  });

  test('a name opens its run', async () => {
    const opened: string[] = [];
    const { place } = await shown(new FakeServer(), { openRun: run => opened.push(run) });
    button(place, 'digits-2').click();
    expect(opened).toEqual(['digits-2']);
  });
});

describe.each(['light', 'dark'])('%s', theme => {
  test.each([1086, 520])('a picture to look at, and nothing serious for axe: %i px', async width => {
    document.documentElement.dataset.theme = theme;
    document.body.style.background = theme === 'dark' ? '#111' : '#fff';
    const { place } = await shown(new FakeServer(), { openRun: () => undefined }, width);
    await card(place, 'loss');
    await card(place, 'accuracy');
    await page.screenshot({
      element: place,
      path: `../../../tests/screenshots/compare-${theme}-${width}.png`,
    });
    const { violations } = await axe.run(place, { resultTypes: ['violations'] });
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(grave.map(({ id, nodes }) => [id, nodes.map(node => node.html)])).toEqual([]);
  });
});

test('Japanese', async () => {
  document.documentElement.lang = 'ja';
  const { place } = await shown();
  expect(text(place, '.cellrun-header .cellrun-name')).toBe('3 件の実行を比較');
  expect(cells(place, 'セル')).toEqual(['4 行', '2 行が異なる', '同じ']);
});

test('each text has its Japanese', () => {
  const translate = translateInto('ja');
  const { facts, ...texts } = ENGLISH;
  const same = ['git']; // a name
  for (const english of [...Object.values(texts), ...Object.values(facts)] as string[]) {
    if (!same.includes(english)) expect(translate(english), english).not.toBe(english);
  }
});
