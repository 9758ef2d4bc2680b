import { describe, expect, test } from 'vitest';
import { FakeRuns, live, row } from '../../dev/fake_runs';
import { readFilter } from '../../src/panel/filter';
import type { Order } from '../../src/panel/order';
import { readPanelState } from '../../src/panel/panel_state';
import { RunList } from '../../src/panel/run_list';
import { RunRows, type Arrangement } from '../../src/panel/run_rows';
import { Selection } from '../../src/panel/selection';
import { sparklinePath } from '../../src/panel/sparkline';
import { STATUSES } from '../../src/panel/stage';
import { panelWords } from '../../src/panel/words';
import { Api } from '../../src/server/api';
import { wordsIn } from '../../src/view/words';
import { until } from '../view/setup';

function arrangement(order: Order = 'newest', text = ''): Arrangement {
  const filter = readFilter(
    text,
    panelWords(word => word),
    wordsIn('en').status,
  );
  return { filter, order, collapsed: new Set(), turned: new Set(), metrics: new Map() };
}

function keys(rows: RunRows): string[] {
  return rows.lines.map(line => line.key);
}

describe('rows', () => {
  test('are grouped by experiment, that of the newest run first', () => {
    const rows = new RunRows(arrangement());
    rows.put([row(1), row(2, { experiment: 'sine' }), row(3)]);
    expect(keys(rows)).toEqual(['/digits', 'digits_3', 'digits_1', '/sine', 'sine_2']);
    rows.put([row(4, { experiment: 'sine' })]);
    expect(keys(rows)).toEqual(['/sine', 'sine_4', 'sine_2', '/digits', 'digits_3', 'digits_1']);
    rows.remove(['digits_3']);
    expect(rows.indexOf('digits_1')).toBe(4);
    expect(rows.indexOf('digits_3')).toBe(-1);
  });

  test.each([
    ['newest', [4, 3, 2, 1]],
    ['name', [1, 2, 3, 4]],
    ['duration', [2, 3, 1, 4]],
    ['value', [3, 1, 2, 4]],
    ['status', [4, 2, 1, 3]],
  ] as const)('sorted by %s', (order, numbers) => {
    const rows = new RunRows(arrangement(order));
    const at = { started_at: 100, ended_at: 110 };
    rows.put([
      row(1, { ...at, metrics: { loss: 2 }, display_name: 'run 9' }),
      live(2, 'Running', { metrics: { loss: 1 }, display_name: 'run 10' }),
      row(3, { ...at, ended_at: 120, status: 'Failed', metrics: { loss: 3 }, display_name: 'run 11' }),
      live(4, 'Queued', { metrics: {}, sparks: {}, display_name: 'run 12' }),
    ]);
    expect(rows.lines.flatMap(line => (line.kind === 'run' ? [line.row.number] : []))).toEqual(numbers);
  });

  test('closed groups keep their counts', () => {
    const rows = new RunRows({ ...arrangement(), collapsed: new Set(['digits']) });
    rows.put([row(1), live(2), row(3, { experiment: 'sine' })]);
    expect(keys(rows)).toEqual(['/sine', 'sine_3', '/digits']);
    expect(rows.shown).toBe(3);
    expect(rows.groups.find(group => group.name === 'digits')).toMatchObject({ done: 1, metric: 'loss' });
  });

  test('every run is counted once', () => {
    const rows = new RunRows(arrangement());
    rows.put(STATUSES.map((status, i) => row(i, { status })));
    const counts = { queued: 4, running: 4, completed: 1, failed: 1, canceled: 1, damaged: 1 };
    expect(rows.count()).toEqual(counts);
    expect(Object.values(counts).reduce((sum, n) => sum + n)).toBe(rows.size);
  });

  test("a group's metric is no text", () => {
    const rows = new RunRows(arrangement());
    const metrics = { model: 'svm', done: true, nothing: null, loss: { float: 'NaN' as const }, score: 0.5 };
    rows.put([row(1, { metrics, sparks: {} })]);
    expect(rows.groups[0]).toMatchObject({ metric: 'loss', metrics: ['loss', 'score'] });
    rows.put([row(1, { metrics: { model: 'svm' }, sparks: {} })]);
    expect(rows.groups[0]).toMatchObject({ metric: null, metrics: [] });
  });

  test("a group's metric is the one that most runs have, until one is chosen", () => {
    const rows = new RunRows(arrangement());
    const only = (name: string) => ({ metrics: { [name]: 0.5 }, sparks: { [name]: [0, 255] } });
    rows.put([row(1, only('a')), row(2, only('a')), row(3, only('b'))]);
    expect(rows.groups[0]).toMatchObject({ metric: 'a', metrics: ['a', 'b'] });
    rows.arrange({ ...arrangement(), metrics: new Map([['digits', 'b']]) });
    expect(rows.groups[0]).toMatchObject({ metric: 'b' });
  });

  test.each([
    ['loss', 0.25],
    ['val_accuracy', 0.75],
    ['x', null],
  ])('the best of %s is %s', (name, best) => {
    const rows = new RunRows({ ...arrangement(), metrics: new Map([['digits', name]]) });
    rows.put(
      [0.25, { float: 'NaN' } as const, 0.75].map((value, i) => row(i, { metrics: { [name]: value } })),
    );
    expect(rows.groups[0]!.best).toBe(best);
  });

  test('names that objects have anyway are names like others', () => {
    const rows = new RunRows({ ...arrangement('value'), metrics: new Map([['__proto__', 'constructor']]) });
    rows.put([row(1, { experiment: '__proto__', id: 'p' }), row(2, { experiment: 'constructor', id: 'c' })]);
    expect(rows.groups.map(group => [group.name, group.metric])).toEqual([
      ['constructor', 'loss'],
      ['__proto__', 'constructor'],
    ]);
  });

  test('10,000 are arranged as few are', () => {
    const rows = new RunRows(arrangement('value', 'digits lr>0'));
    rows.put(Array.from({ length: 10_000 }, (_, i) => row(i + 1, { experiment: `digits${i % 5}` })));
    expect(rows.lines.length).toBe(10_005);
    const losses = rows.lines.flatMap(line => (line.kind === 'run' ? [line.row.metrics.loss as number] : []));
    expect(losses.slice(0, 2000)).toEqual(losses.slice(0, 2000).sort((a, b) => b - a));
  });
});

describe('selection', () => {
  function five(): { rows: RunRows; selection: Selection } {
    const rows = new RunRows(arrangement());
    rows.put([1, 2, 3, 4, 5].map(number => row(number)));
    return { rows, selection: new Selection(rows) };
  }

  test('one, several, a range', () => {
    const { selection } = five();
    selection.choose(2);
    expect([...selection.runs]).toEqual(['digits_4']);
    selection.toggle(4);
    selection.extend(5);
    expect([...selection.runs]).toEqual(['digits_2', 'digits_1']);
    selection.extend(3);
    expect([...selection.runs]).toEqual(['digits_3', 'digits_2']);
    selection.toggle(3);
    expect([...selection.runs]).toEqual(['digits_2']);
    selection.choose(0);
    expect([...selection.runs]).toEqual([]);
    selection.all();
    expect(selection.runs.size).toBe(5);
  });

  test('stays with its runs, and lets go of those that are gone', () => {
    const { rows, selection } = five();
    selection.choose(2);
    selection.toggle(3);
    rows.put([row(6)]);
    expect(selection.activeIndex).toBe(4);
    rows.remove(['digits_3']);
    selection.keep(id => rows.get(id) !== undefined, 4);
    expect([...selection.runs]).toEqual(['digits_4']);
    expect(selection.active).toBe('digits_2');
  });
});

test('a spark line has gaps where values are none, and a dot for a value alone', () => {
  expect(sparklinePath([0, 255])).toBe('M1.5 16.5L62.5 1.5');
  expect(sparklinePath([0, null, 255, 0]).match(/[ML]/gu)).toEqual(['M', 'M', 'L']);
  expect(sparklinePath([128])).toMatch(/h\.01$/u);
  expect(sparklinePath([])).toBe('');
});

test('of a kept state only what fits is taken', () => {
  const state = { workspace: 'w', order: 'name', collapsed: ['a'], metrics: { a: 'loss' }, filter: 'x' };
  expect(readPanelState(state)).toEqual(state);
  expect(readPanelState(null)).toEqual({});
  expect(
    readPanelState({ workspace: 1, order: 'odd', collapsed: [2, 'a'], metrics: { a: 3 }, filter: {} }),
  ).toEqual({
    collapsed: ['a'],
    metrics: {},
  });
});

test('what the stream says while answers are on their way is newer than they are', async () => {
  const server = new FakeRuns([row(1), row(2), live(3)]);
  const releases: (() => void)[] = [];
  const fetch: typeof server.fetch = async (...request) => {
    const answer = await server.fetch(...request);
    await new Promise<void>(resolve => releases.push(resolve));
    return answer;
  };
  const rows = new RunRows(arrangement());
  const list = new RunList(new Api({ baseUrl: '/', fetch }), server, rows, () => undefined);
  list.open('w1', []); // asks at once, and again when the stream begins
  await until(() => releases.length === 2, 'two answers are on their way');
  server.change([row(3)], ['digits_1']);
  for (const release of releases) release();
  await until(() => list.isLoaded, 'all is loaded');
  expect(rows.get('digits_3')?.status).toBe('Completed');
  expect(rows.get('digits_1')).toBeUndefined();
  list.dispose();
});
