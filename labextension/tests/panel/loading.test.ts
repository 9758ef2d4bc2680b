import { page, userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { FakeRuns, live, row } from '../../dev/fake_runs';
import { find, text, until } from '../view/setup';
import { filterBy, lines, showPanel } from './setup';

const RUNS = [
  row(1),
  row(2),
  live(3),
  row(4, { status: 'Failed' }),
  live(5, 'Queued'),
  row(6, { experiment: 'sine', created_at: 5 }),
];

test('while the server makes its index, the newest runs are shown, then all', async () => {
  const server = new FakeRuns(Array.from({ length: 300 }, (_, i) => row(i)));
  server.isComplete = false;
  const shown = await showPanel(server);
  expect(find(shown.place, '[role=treegrid]').getAttribute('aria-rowcount')).toBe('11');
  server.isComplete = true;
  await until(
    () => find(shown.place, '[role=treegrid]').getAttribute('aria-rowcount') === '301',
    'all are there',
  );
});

describe('the connection', () => {
  test('lost: says so, counts down, and can be tried at once', async () => {
    const shown = await showPanel(RUNS);
    shown.server.become('retrying', Date.now() + 3900);
    const said = (): string => text(shown.place, '.cellrun-panel-live').replace(/\s+/gu, ' ');
    await until(() => said() === 'disconnected: retrying in 4 s Retry', 'it is said');
    expect(lines(shown)).toContain('digits-3');
    find(shown.place, '.cellrun-panel-live button').click();
    expect(shown.server.retries).toBe(1);
    shown.server.become('open');
    await until(() => text(shown.place, '.cellrun-panel-live') === 'live', 'it is back');
  });

  test('refused: says what the reader can do', async () => {
    const shown = await showPanel(RUNS);
    shown.server.become('retrying', Date.now() + 9000, 'denied');
    await until(() => text(shown.place, '.cellrun-panel-notice').includes('asks for a login'), 'it is said');
    expect(lines(shown)).toContain('digits-3');
    shown.server.become('open');
    await until(() => find(shown.place, '.cellrun-panel-notice').hidden, 'it is over');
  });

  test('a refusal is told in the words of the server, and can be retried', async () => {
    const server = new FakeRuns(RUNS);
    server.failure = { status: 500, message: 'the disk is on fire' };
    const shown = await showPanel(server);
    await until(
      () => text(shown.place, '.cellrun-panel-notice').includes('the disk is on fire'),
      'it is told',
    );
    server.failure = null;
    find(shown.place, '.cellrun-panel-notice button:not([hidden])').click();
    await until(() => lines(shown).includes('digits-3'), 'it is loaded');
    await until(() => find(shown.place, '.cellrun-panel-notice').hidden, 'nothing is told any more');
  });

  test('back again: what could not be loaded meanwhile is', async () => {
    const server = new FakeRuns(RUNS);
    server.failure = { status: 502, message: 'Bad Gateway' };
    const shown = await showPanel(server, { state: { workspace: 'w1' } });
    await until(() => text(shown.place, '.cellrun-panel-notice').includes('Bad Gateway'), 'it is told');
    server.failure = null;
    server.become('open');
    await until(() => lines(shown).includes('digits-3'), 'it is loaded');
  });

  test('no run yet: what to do', async () => {
    const shown = await showPanel([]);
    await until(
      () => text(shown.place, '.cellrun-panel-notice').includes('%%submit above a cell'),
      'it is said',
    );
  });
});

describe('the filter', () => {
  test('shows what fits, says what was not understood, and is cleared', async () => {
    const shown = await showPanel(RUNS);
    await filterBy(shown, 'status:failed');
    expect(lines(shown)).toEqual(['digits', 'digits-4']);
    expect(text(shown.place, '.cellrun-panel-counts')).toContain('1 of 6 shown');
    await filterBy(shown, 'status:faild digits');
    await until(
      () => text(shown.place, '.cellrun-filter-problem').includes('faild'),
      'it is said what is wrong',
    );
    expect(lines(shown)).toHaveLength(6);
    await filterBy(shown, 'nothing-like-it');
    expect(text(shown.place, '.cellrun-panel-notice')).toContain('No run fits');
    const [filter, notice] = ['.cellrun-filter', '.cellrun-panel-notice'].map(part =>
      find(shown.place, part).getBoundingClientRect(),
    );
    expect(notice!.top - filter!.bottom).toBeLessThan(8); // beside the filter, not below an empty list
    find(shown.place, '.cellrun-panel-notice button:not([hidden])').click();
    expect(lines(shown)).toHaveLength(8);
  });

  test('explains itself, and takes an example', async () => {
    const shown = await showPanel(RUNS);
    await userEvent.click(page.getByRole('button', { name: 'What can be filtered by' }));
    await userEvent.click(page.getByRole('button', { name: 'status:failed' }));
    expect(lines(shown)).toEqual(['digits', 'digits-4']);
  });

  test('asks the server where there are more runs than are held', async () => {
    const server = new FakeRuns(Array.from({ length: 20_500 }, (_, i) => row(i)));
    const shown = await showPanel(server);
    await until(
      () => text(shown.place, '.cellrun-panel-counts').includes('The newest 20,000 of 20,500'),
      'it is said',
    );
    expect(server.asked.filter(({ query }) => query.has('text'))).toEqual([]);
    await filterBy(shown, 'digits-499');
    await until(() => lines(shown).includes('digits-499'), 'an old run is found');
    expect(server.asked.at(-1)!.query.get('text')).toBe('digits-499');
  });
});

test('out of sight nothing is drawn; in sight again all is as it is', async () => {
  const shown = await showPanel(RUNS);
  shown.place.hidden = true;
  await new Promise(resolve => setTimeout(resolve, 100));
  const changes: unknown[] = [];
  const watch = new MutationObserver(records => changes.push(...records));
  watch.observe(shown.place, { childList: true, subtree: true, characterData: true });
  shown.server.change([row(7)], ['digits_1']);
  await new Promise(resolve => setTimeout(resolve, 300));
  watch.disconnect();
  expect(changes).toEqual([]);
  shown.place.hidden = false;
  await until(() => lines(shown).includes('digits-7') && !lines(shown).includes('digits-1'), 'it is drawn');
});
