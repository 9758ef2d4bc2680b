import { userEvent } from 'vitest/browser';
import { expect, test } from 'vitest';
import { FakeRuns, live, row } from '../../dev/fake_runs';
import { until } from '../view/setup';
import { lines, showPanel } from './setup';

const RUNS = [row(1), row(2), live(3)];

function workspaces(...ids: string[]): FakeRuns['workspaces'] {
  return ids.map((id, i) => ({ id, name: `name of ${id}`, folder: id, runs: 1, latest_at: i }));
}

test('of several workspaces, one is chosen', async () => {
  const server = new FakeRuns(RUNS);
  server.workspaces = workspaces('w1', 'w2');
  const shown = await showPanel(server);
  const select = shown.place.querySelector('select')!;
  expect(select.value).toBe('w2'); // the one with the latest run
  await userEvent.selectOptions(select, 'name of w1');
  expect(server.asked.map(({ path }) => path)).toContain('workspaces/w1/runs');
  expect(server.listings.map(one => one.workspace)).toEqual(['w1']);
});

test.each([
  ['goes to the list', 'pointerenter'],
  ['has the keyboard in it', 'focusin'],
])('a workspace that was just made is there when a reader %s', async (_, turn) => {
  const server = new FakeRuns(RUNS);
  server.workspaces = workspaces('w1');
  const shown = await showPanel(server);
  server.workspaces = workspaces('w1', 'w2');
  const select = shown.place.querySelector('select')!;
  await until(() => {
    shown.panel.element.dispatchEvent(new Event(turn));
    return !select.hidden;
  }, 'there are two to choose from');
  expect(select.value).toBe('w1');
  const asked = server.asked.filter(({ path }) => path === 'workspaces').length;
  expect(asked).toBeLessThan(10); // once a second, however often a reader goes there
});

test('and when the panel comes into sight again', async () => {
  const server = new FakeRuns(RUNS);
  server.workspaces = workspaces('w1');
  const shown = await showPanel(server);
  server.workspaces = workspaces('w1', 'w2');
  await until(() => {
    shown.place.hidden = !shown.place.hidden;
    return !shown.place.querySelector('select')!.hidden;
  }, 'there are two to choose from');
});

test('the workspace of the last time is shown at once; if it is gone, that with the latest run', async () => {
  const server = new FakeRuns(RUNS);
  await showPanel(server, { state: { workspace: 'w1' } });
  expect(server.asked.slice(0, 2).map(({ path }) => path)).toEqual(['workspaces/w1/runs', 'workspaces']);
  const other = new FakeRuns(RUNS);
  const shown = await showPanel(other, { state: { workspace: 'gone' } });
  await until(() => other.listings.at(-1)?.workspace === 'w1', 'another is chosen');
  expect(lines(shown)).toContain('digits-3');
  expect(other.listings).toHaveLength(1);
});
