import { page, userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { FakeRuns, live, NOW, row } from '../../dev/fake_runs';
import { find, text, until } from '../view/setup';
import { Format } from '../../src/view/format';
import { allLoaded, line, lines, selected, showPanel } from './setup';

const RUNS = [
  row(1, { status: 'Canceled', started_at: NOW - 12, ended_at: NOW }),
  row(2, { metrics: { loss: 0.124 } }),
  live(3, 'Running', { metrics: { loss: 0.131 } }),
  row(4, { status: 'Failed', reason: 'exit code 1' }),
  live(5, 'Queued', { metrics: {}, sparks: {} }),
  row(6, { experiment: 'sine', created_at: NOW - 20_000 }),
];

describe('the lines', () => {
  test('say of each run what it is and how it goes', async () => {
    const shown = await showPanel(RUNS);
    expect(lines(shown)).toEqual([
      'digits',
      'digits-5',
      'digits-4',
      'digits-3',
      'digits-2',
      'digits-1',
      'sine',
      'sine-6',
    ]);
    const running = line(shown, 'digits-3');
    expect(running.querySelector<HTMLElement>('.cellrun-run-time')!.innerText).toMatch(/^0\d:[0-5]\d$/u);
    expect(running.querySelector<HTMLElement>('.cellrun-run-value')!.innerText).toBe('0.1310');
    expect(running.querySelector('.cellrun-run-spark path')!.getAttribute('d')).toMatch(/^M1\.5/u);
    expect(running.querySelector('.cellrun-unseen')!.textContent).toBe('Running');
    expect(line(shown, 'digits-5').innerText).toContain('queued');
    expect(line(shown, 'digits-1').innerText).toContain('00:12');
    expect(find(line(shown, 'digits-4'), '.cellrun-state').title).toMatch(/^Failed · exit code 1 · /u);
    expect(text(shown.place, '.cellrun-panel-footer').replace(/\s+/gu, ' ')).toBe(
      '1 running 1 queued 2 completed 1 failed 1 canceled live',
    );
  });

  test('are a grid that a screen reader can walk', async () => {
    const shown = await showPanel(RUNS);
    const grid = find(shown.place, '[role=treegrid]');
    await until(() => grid.getAttribute('aria-rowcount') === '8', 'all are counted');
    expect(line(shown, 'digits').getAttribute('aria-level')).toBe('1');
    expect(line(shown, 'digits').getAttribute('aria-expanded')).toBe('true');
    expect(line(shown, 'sine-6').getAttribute('aria-rowindex')).toBe('8');
    grid.focus();
    expect(grid.getAttribute('aria-activedescendant')).toBe(line(shown, 'digits').id);
  });

  test('time goes on, and stands still after the end', async () => {
    const shown = await showPanel([live(1, 'Running', { started_at: Date.now() / 1000 - 5 })]);
    const time = (): string => text(shown.place, '.cellrun-run-time');
    const before = time();
    await until(() => time() !== before, 'a second has passed');
    shown.server.change([row(1, { started_at: 0, ended_at: 3661 })]);
    await until(() => time() === '1:01:01', 'the whole time is shown');
  });

  test('a long name loses its middle, with its whole in the title; one from right to left begins at its right', async () => {
    const shown = await showPanel([
      row(1, { display_name: 'x'.repeat(200) }),
      row(2, { display_name: 'تجربة 1' }),
    ]);
    const [right, long] = shown.place.querySelectorAll<HTMLElement>('.cellrun-run-name');
    expect(long!.title).toContain('x'.repeat(200));
    expect(find(long!, 'a').getAttribute('aria-label')).toBe('x'.repeat(200));
    expect(getComputedStyle(right!.querySelector('a')!).direction).toBe('rtl');
    expect(shown.place.scrollWidth).toBeLessThanOrEqual(330);
  });

  test.each([150, 200, 250, 330])('names stay apart and numbers whole at %i px', async width => {
    const names = ['example-of-a-long-name-11', 'example-of-a-long-name-12'];
    const losses = [1.2345e-5, -1.2345e-300, 123_456_789, 0.1234];
    const runs = losses.map((loss, i) => {
      const name = names[i] ?? `x-${i}`;
      return row(i, { name, display_name: name, metrics: { loss } });
    });
    const shown = await showPanel(runs, { width });
    const isSeen = (cell: HTMLElement): boolean => getComputedStyle(cell).display !== 'none';
    const values = (): HTMLElement[] =>
      [...shown.place.querySelectorAll<HTMLElement>('.cellrun-run-value')].filter(isSeen);
    await until(() => values().every(cell => cell.textContent !== ''), 'values are there');
    expect(values()).toHaveLength(width < 170 ? 0 : losses.length);
    for (const name of names) {
      const [begin, end] = find(line(shown, name), '.cellrun-run-link').children;
      const [cell, seen] = [find(line(shown, name), '.cellrun-run-name'), end!.getBoundingClientRect()];
      expect(begin!.scrollWidth).toBeGreaterThan(begin!.clientWidth);
      expect(end!.textContent).toBe(name.slice(-3));
      expect(seen.right).toBeLessThanOrEqual(cell.getBoundingClientRect().right + 0.1);
    }
    for (const cell of values()) {
      const said = Number(cell.textContent.replaceAll('−', '-').replaceAll(',', ''));
      const value = losses.find(one => cell.title.endsWith(new Format('en').value(one)))!;
      expect(cell.scrollWidth).toBeLessThanOrEqual(cell.clientWidth);
      expect(said / value).toBeCloseTo(1, 0);
    }
  });

  test('names are text', async () => {
    const shown = await showPanel([
      row(1, { display_name: '<img src=x onerror=alert(1)>', tags: { '<b>': '<i>' } }),
    ]);
    expect(text(shown.place, '.cellrun-run-name')).toBe('<img src=x onerror=alert(1)>');
    expect(shown.place.querySelector('img, i')).toBeNull();
  });
});

describe('what changes', () => {
  test('is seen, in its place, with selection and scroll position', async () => {
    const shown = await showPanel(Array.from({ length: 100 }, (_, i) => row(i)));
    const grid = find(shown.place, '[role=treegrid]');
    await allLoaded(shown);
    grid.scrollTop = 40 * 28 + 5;
    await until(() => lines(shown).includes('digits-50'), 'it is scrolled');
    line(shown, 'digits-50').click();
    const top = line(shown, 'digits-50').getBoundingClientRect().top;
    shown.server.change(
      [row(200), row(201, { experiment: 'new' }), row(52, { metrics: { loss: 777 } })],
      ['digits_90'],
    );
    await until(() => line(shown, 'digits-52').innerText.includes('777'), 'the change is seen');
    expect(line(shown, 'digits-50').getBoundingClientRect().top).toBeCloseTo(top, 0);
    expect(selected(shown)).toEqual(['digits-50']);
    grid.scrollTop = 0;
    await until(() => lines(shown)[0] === 'new', 'the new run is first');
    shown.server.change([row(202, { experiment: 'newer' })]);
    await until(() => lines(shown)[0] === 'newer', 'at the top, what is new is seen');
  });

  test('comes also while pages are loaded, and wins', async () => {
    const server = new FakeRuns(Array.from({ length: 3000 }, (_, i) => row(i)));
    let release: () => void = () => undefined;
    const shown = await showPanel(server);
    server.delay = () => new Promise(resolve => (release = resolve));
    server.listings[0]!.listener.rows({
      type: 'rows',
      channel: 1,
      epoch: 'e',
      cursor: 9,
      reset: true,
      rows: [],
      gone: [],
    });
    await until(() => server.asked.at(-1)!.query.get('offset') === '0', 'it is loaded again');
    server.listings[0]!.listener.rows({
      ...{ type: 'rows', channel: 1, epoch: 'e', cursor: 10, reset: false },
      rows: [row(2999, { metrics: { loss: 42 } })],
      gone: ['digits_2998'],
    });
    server.delay = () => Promise.resolve();
    release();
    await until(() => text(shown.place, '.cellrun-panel-counts').includes('2,999'), 'all are loaded');
    expect(line(shown, 'digits-2999').innerText).toContain('42');
    expect(lines(shown)).not.toContain('digits-2998');
  });

  test('after the stream says so, the list is loaded again without a flicker', async () => {
    const shown = await showPanel(Array.from({ length: 50 }, (_, i) => row(i)));
    const before = lines(shown);
    const seen = new Set<number>();
    const watch = new MutationObserver(() => seen.add(lines(shown).length));
    watch.observe(shown.place, { childList: true, subtree: true });
    shown.server.rows = shown.server.rows.filter(one => one.number !== 49);
    shown.server.listings[0]!.listener.rows({
      type: 'rows',
      channel: 1,
      epoch: 'f',
      cursor: 1,
      reset: true,
      rows: [],
      gone: [],
    });
    await until(() => !lines(shown).includes('digits-49'), 'what is gone is gone');
    watch.disconnect();
    seen.add(lines(shown).length);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(before.length); // never fewer; one more as the list gets its height
  });
});

test('an experiment has its metric, which can be chosen, and is asked for', async () => {
  const shown = await showPanel(RUNS);
  await userEvent.click(page.getByRole('button', { name: 'Metric of digits: loss' }));
  await userEvent.click(page.getByRole('menuitemradio', { name: 'accuracy' }));
  await until(() => line(shown, 'digits').innerText.includes('accuracy'), 'it is shown');
  expect(line(shown, 'sine').innerText).toContain('loss');
  expect(shown.server.listings[0]!.sparks).toEqual(['*', 'accuracy']);
  await until(
    () => shown.server.asked.at(-1)!.query.getAll('spark').includes('accuracy'),
    'courses are asked for',
  );
});

test('what was chosen is remembered', async () => {
  const states: object[] = [];
  const state = {
    order: 'name',
    collapsed: ['sine'],
    metrics: { digits: 'accuracy' },
    filter: 'i',
  } as const;
  const shown = await showPanel(RUNS, { state, onState: now => states.push(now) });
  expect(lines(shown)).toEqual([
    'digits',
    'digits-1',
    'digits-2',
    'digits-3',
    'digits-4',
    'digits-5',
    'sine · 1 of 1 done',
  ]);
  line(shown, 'sine').click();
  expect(lines(shown).at(-1)).toBe('sine-6');
  expect(states.at(-1)).toEqual({
    workspace: 'w1',
    order: 'name',
    collapsed: [],
    turned: [],
    metrics: { digits: 'accuracy' },
  });
});

test.each([
  [330, ['name', 'time', 'value', 'spark']],
  [250, ['name', 'value', 'spark']],
  [200, ['name', 'value']],
  [150, ['name']],
  [900, ['name', 'tags', 'created', 'time', 'value', 'spark']],
])('at %i px there is room for %s', async (width, parts) => {
  const shown = await showPanel(RUNS, { width });
  const cells = [...line(shown, 'digits-2').querySelectorAll<HTMLElement>('[class*="cellrun-run-"][role]')];
  const seen = cells.filter(cell => getComputedStyle(cell).display !== 'none');
  expect(seen.map(cell => /cellrun-run-(\w+)/u.exec(cell.className)![1])).toEqual(parts);
  expect(line(shown, 'digits-2').scrollWidth).toBeLessThanOrEqual(width);
});

test('where there is no room for the time, a run without a value says what it waits for', async () => {
  const shown = await showPanel(RUNS, { width: 250 });
  expect(line(shown, 'digits-5').innerText).toContain('queued');
  expect(find(line(shown, 'digits-2'), '.cellrun-state').title).toBe('Completed · 00:02');
});

test('a closed experiment says its value whole, however long its metric is called', async () => {
  const name = 'gradient norm of the last layer before clipping';
  const runs = [1, 2].map(number => row(number, { metrics: { [name]: -1.2345e-105 }, sparks: {} }));
  const shown = await showPanel(runs, { width: 250 });
  line(shown, 'digits').click();
  const value = find(shown.place, '.cellrun-group-result .cellrun-numbers');
  expect(value.textContent).toBe('−1.2345e−105');
  const [group, seen] = [line(shown, 'digits'), value.getBoundingClientRect()];
  expect(seen.right).toBeLessThanOrEqual(group.getBoundingClientRect().right - 9);
  expect(seen.left).toBeGreaterThan(group.getBoundingClientRect().left);
});

test('all texts are there in Japanese', async () => {
  const shown = await showPanel(RUNS, { language: 'ja' });
  expect(text(shown.place, '.cellrun-panel-title')).toBe('実行');
  await until(() => text(shown.place, '.cellrun-panel-counts').includes('実行中 1'), 'runs are counted');
});
