import axe from 'axe-core';
import { userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { ENGLISH } from '../../src/compare/words';
import { translateInto } from '../../src/i18n/translate';
import { screenshot } from '../screenshot';
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
      'learning_rate', // what differs first
      'accuracy',
      'loss',
      'owner',
      'code',
      'git',
      'momentum',
      'duration',
    ]);
    expect(cells(place, 'learning_rate')).toEqual(['0.001', '0.01', '0.1']);
    expect(cells(place, 'owner')).toEqual(['me', '–', 'set']);
    expect(cells(place, 'code')).toEqual(['4 lines', '2 lines differ', 'the same']);
    expect(cells(place, 'duration')).toEqual(['01:39', '01:39', '01:39']);
  });

  test('what differs is tinted, marked and said', async () => {
    const { place } = await shown();
    expect(differing(place)).toEqual(['learning_rate', 'accuracy', 'loss', 'owner', 'code', 'git']);
    const rows = [...place.querySelectorAll('tbody tr')];
    const [rate, momentum] = [rows[0], rows.find(one => one.textContent.includes('momentum'))];
    const colour = (one: Element): string => getComputedStyle(one.querySelector('td')!).backgroundColor;
    expect(colour(rate!)).not.toBe(colour(momentum!));
    expect(rate!.querySelector('[role=img]')?.getAttribute('aria-label')).toBe('differs');
    expect(momentum!.querySelector('[role=img]')).toBeNull();
  });

  test('only what differs, at a wish', async () => {
    const { place } = await shown();
    button(place, 'Only differences').click();
    expect(rowNames(place)).toEqual(['learning_rate', 'accuracy', 'loss', 'owner', 'code', 'git']);
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

  test('the lines in which code differs are shown, with a few around', async () => {
    const server = new FakeServer();
    const long = Array.from({ length: 30 }, (_, i) => `line ${i}`);
    const [first = '', second = ''] = digits().cells as string[];
    const other = [...long.slice(0, 29), 'other'];
    const code = [first, ...long].join('\n');
    server.comparison = { ...digits(), cells: [code, [second, ...other].join('\n'), code] };
    const { place } = await shown(server);
    expect(cells(place, 'code')).toEqual(['34 lines', '3 lines differ', 'the same']);
    const diff = find(place, '.cellrun-diff');
    expect(diff.getAttribute('aria-label')).toBe('What differs between the code of digits-3 and digits-2');
    expect([...diff.querySelectorAll('span')].map(one => one.textContent)).toEqual([
      '- digits-3',
      '+ digits-2',
      '  %%submit digits',
      '- for epoch in range(60):',
      '-     train()',
      '+ for epoch in range(50):',
      '+     fit()',
      '      run.log("loss", loss())',
      '  line 0',
      '  line 1',
      '⋯',
      '  line 26',
      '  line 27',
      '  line 28',
      '- line 29',
      '+ other',
    ]);
    const open = button(place, '3 lines differ');
    expect(open.getAttribute('aria-expanded')).toBe('true');
    open.click();
    await until(() => place.querySelector('.cellrun-diff') === null, 'it is closed');
    expect(open.getAttribute('aria-expanded')).toBe('false');
  });

  test('files that differ are shown one after another, and which run alone has one', async () => {
    const server = new FakeServer();
    server.comparison = {
      ...digits(),
      cells: ['import lib', 'import lib', 'import lib\nlib.go()'],
      facts: [line('script', ['train.py', 'train.py', 'train.py'])],
      files: [
        { name: 'lib/big.json', hashes: ['1', '1', '2'], texts: [null, null, null] },
        {
          name: 'lib/constants.py',
          hashes: ['3', '4', '4'],
          texts: ['A = 1\nB = 2', 'A = 1\nB = 3', 'A = 1\nB = 3'],
        },
        { name: 'lib/extra.py', hashes: ['5', '5', null], texts: ['X = 1', 'X = 1', null] },
      ],
    };
    const { place } = await shown(server);
    expect(cells(place, 'code')).toEqual([
      '1 line',
      '1 line differs, in constants.py',
      '3 lines differ, in 4 files',
    ]);
    expect(differing(place)).toContain('code');
    const parts = (): (string | null)[] =>
      [...find(place, '.cellrun-diff').querySelectorAll('span')].map(one => one.textContent);
    expect(parts().slice(2)).toEqual(['lib/constants.py', '  A = 1', '- B = 2', '+ B = 3']);
    button(place, '3 lines differ, in 4 files').click();
    await until(() => parts().includes('+ digits-1'), 'it is shown');
    expect(parts().slice(2)).toEqual([
      'train.py',
      '  import lib',
      '+ lib.go()',
      'lib/big.json · not shown: no text, or too long',
      'lib/constants.py',
      '  A = 1',
      '- B = 2',
      '+ B = 3',
      'lib/extra.py · only in digits-3',
      '- X = 1',
    ]);
  });

  test('commands have files alone', async () => {
    const server = new FakeServer();
    server.comparison = {
      ...digits(),
      cells: [null, null, null],
      files: [{ name: 'data.sh', hashes: ['1', '2', null], texts: ['a', 'b', null] }],
    };
    const { place } = await shown(server);
    expect(cells(place, 'code')).toEqual([
      'files',
      '1 line differs, in data.sh',
      '1 line differs, in data.sh',
    ]);
  });

  test('the code of each run that differs can be chosen', async () => {
    const server = new FakeServer();
    server.comparison = { ...digits(), cells: ['a\nb', 'a\nc', 'a\nd'] };
    const { place } = await shown(server);
    const [, third] = [...place.querySelectorAll('button')].filter(one => one.innerText === '1 line differs');
    third!.click();
    await until(
      () => place.querySelector('.cellrun-diff')?.textContent.includes('+ digits-1') === true,
      'it is shown',
    );
    expect([...find(place, '.cellrun-diff').querySelectorAll('span')].at(-1)?.textContent).toBe('+ d');
    expect(place.querySelectorAll('.cellrun-diff')).toHaveLength(1);
  });

  test('four runs fit, long values wrap, and what their beginnings have in common is pale', async () => {
    const server = new FakeServer();
    const runs = [4, 3, 2, 1].map(i => row(`an_experiment_with_a_long_name-${i}`));
    const folder = '/home/somebody/projects/digits/experiments/2026/november';
    const paths = runs.map((_, i) => `${folder}/run_${i}/checkpoints/best/model_weights_final.safetensors`);
    server.comparison = { ...digits(), runs, metrics: [], tags: [], facts: [], curves: [] };
    server.comparison = {
      ...server.comparison,
      parameters: [line('path', paths)],
      cells: runs.map(() => null),
    };
    const { place } = await shown(server, {}, 1086);
    const body = find(place, '.cellrun-compare-body');
    expect(body.scrollWidth).toBe(body.clientWidth);
    for (const cell of place.querySelectorAll<HTMLElement>('th, td'))
      expect(cell.scrollWidth, cell.innerText).toBeLessThanOrEqual(cell.clientWidth);
    expect(cells(place, 'path')).toEqual(paths);
    const pale = [...place.querySelectorAll<HTMLElement>('td .cellrun-muted')];
    expect(pale.map(one => one.innerText)).toEqual(runs.map(() => `${folder}/`));
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
  test.each([1086, 520])('axe-core finds nothing serious: %i px', async width => {
    document.documentElement.dataset.theme = theme;
    document.body.style.background = theme === 'dark' ? '#111' : '#fff';
    const { place } = await shown(new FakeServer(), { openRun: () => undefined }, width);
    await card(place, 'loss');
    await card(place, 'accuracy');
    await screenshot(`compare-${theme}-${width}`, place);
    const { violations } = await axe.run(place, { resultTypes: ['violations'] });
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(grave.map(({ id, nodes }) => [id, nodes.map(node => node.html)])).toEqual([]);
  });
});

test('Japanese', async () => {
  document.documentElement.lang = 'ja';
  const { place } = await shown();
  expect(text(place, '.cellrun-header .cellrun-name')).toBe('3 件の実行を比較');
  expect(cells(place, 'コード')).toEqual(['4 行', '2 行が異なる', '同じ']);
});

test('each text has its Japanese', () => {
  const translate = translateInto('ja');
  const { facts, ...texts } = ENGLISH;
  const same = ['git']; // a name
  for (const english of [...Object.values(texts), ...Object.values(facts)] as string[]) {
    if (!same.includes(english)) expect(translate(english), english).not.toBe(english);
  }
});
