import { page, userEvent } from 'vitest/browser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeRuns, live, row } from '../../dev/fake_runs';
import { PanelWorkspaces } from '../../src/panel/panel_workspaces';
import type { Workspace } from '../../src/server/openapi';
import { until } from '../view/setup';
import { lines, showPanel } from './setup';

const RUNS = [row(1), row(2), live(3)];

function made(...ids: string[]): Workspace[] {
  return ids.map((id, i) => ({ id, name: `name of ${id}`, folder: id, runs: 1, latest_at: i }));
}

test('of several workspaces, one is chosen', async () => {
  const server = new FakeRuns(RUNS);
  server.workspaces = made('w1', 'w2');
  const shown = await showPanel(server);
  const select = shown.place.querySelector('select')!;
  expect([select.value, select.title]).toEqual(['w2', 'w2']); // the one with the latest run
  await userEvent.selectOptions(select, 'name of w1');
  expect(select.title).toBe('w1');
  const asked = server.asked.map(({ path }) => path).filter(path => path !== 'workspaces');
  expect(asked.at(-1)).toBe('workspaces/w1/runs');
  expect(server.listings.map(one => one.workspace)).toEqual(['w1']);
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

test('one that was just made stands after the others, when a reader goes to the list', async () => {
  const server = new FakeRuns(RUNS);
  server.workspaces = made('w2', 'w3');
  const shown = await showPanel(server, { state: { workspace: 'w2' } });
  const select = shown.place.querySelector('select')!;
  const offered = (): string[] => [...select.options].map(({ value }) => value);
  await until(() => offered().length === 2, 'two are offered');
  server.workspaces = made('w1', 'w2', 'w3');
  shown.panel.element.dispatchEvent(new Event('pointermove'));
  await until(() => offered().length === 3, 'all are offered');
  expect([offered(), select.value]).toEqual([['w2', 'w3', 'w1'], 'w2']);
});

test('they stand by name; of those with one name, each has its folder', async () => {
  const server = new FakeRuns(RUNS);
  const named = { w1: 'two', w2: 'two', w3: 'one' } as Readonly<Record<string, string>>;
  server.workspaces = made('w1', 'w2', 'w3').map(one => ({
    ...one,
    name: named[one.id]!,
    folder: `/${one.id}`,
  }));
  const { place } = await showPanel(server, { state: { workspace: 'w1' } });
  const offered = (): string[] => [...place.querySelectorAll('option')].map(({ text: shown }) => shown);
  await until(() => offered().length === 3, 'all are offered');
  expect(offered()).toEqual(['one', 'two · /w1', 'two · /w2']);
});

test('one without runs says how %%submit gets to it: by its id, where its name is not enough', async () => {
  const server = new FakeRuns([]);
  const names = ['mine', 'a "b"', 'two', 'two'];
  server.workspaces = made('w1', 'w2', 'w3', 'w4').map((one, i) => ({ ...one, name: names[i]! }));
  const { place } = await showPanel(server, { state: { workspace: 'w2' } });
  const isSaid = (text: string): Promise<void> =>
    until(() => place.querySelector('.cellrun-panel-notice')!.textContent.includes(text), text);
  const choose = (id: string): Promise<void> =>
    userEvent.selectOptions(
      place.querySelector('select')!,
      place.querySelector<HTMLElement>(`option[value=${id}]`)!,
    );
  await isSaid('No runs in a "b" yet. Where Workspace.get("a \\"b\\"").write_config() was called');
  await choose('w1'); // the first is the default one
  await isSaid('Put %%submit above a cell.');
  await choose('w4');
  await isSaid('No runs in two yet. Where Workspace.get("w4").write_config() was called');
});

test('a reader turns to the list by pointer, by keyboard, and when it comes into sight again', async () => {
  await page.viewport(1200, 900);
  await userEvent.hover(document.documentElement, { position: { x: 1190, y: 890 } }); // where no list will be
  const turned = vi.spyOn(PanelWorkspaces.prototype, 'turnedTo').mockImplementation(() => undefined);
  const { place, panel } = await showPanel(new FakeRuns(RUNS));
  expect(turned).not.toHaveBeenCalled();
  panel.element.dispatchEvent(new Event('pointermove'));
  expect(turned).toHaveBeenCalledTimes(1);
  place.querySelector('input')!.focus();
  expect(turned).toHaveBeenCalledTimes(2);
  const isSeen = (): boolean => panel.element.checkVisibility();
  for (const hidden of [true, false]) {
    place.hidden = hidden;
    await until(() => isSeen() !== hidden, 'it is there or not');
    await new Promise(resolve => setTimeout(resolve, 100)); // who watches it has heard of it
    expect(turned).toHaveBeenCalledTimes(hidden ? 2 : 3);
  }
  turned.mockRestore();
});

describe('how often the server is asked', () => {
  let there = made('w1');
  /** Answers wait until they are let go. */
  let waiting: ((workspaces: Workspace[]) => void)[] = [];
  let isSlow = false;
  const asked = vi.fn(() =>
    isSlow ? new Promise<Workspace[]>(resolve => waiting.push(resolve)) : Promise.resolve(there),
  );
  const listener = { show: vi.fn(), listed: vi.fn() };
  let workspaces: PanelWorkspaces;

  beforeEach(async () => {
    vi.useFakeTimers();
    [there, waiting, isSlow] = [made('w1'), [], false];
    workspaces = new PanelWorkspaces({ workspaces: asked }, listener);
    await workspaces.open(undefined);
    asked.mockClear();
    listener.show.mockClear();
  });

  afterEach(() => {
    workspaces.dispose();
    vi.useRealTimers();
  });

  const turn = (times: number): void => {
    for (let i = 0; i < times; i++) workspaces.turnedTo();
  };

  test('once a second while a reader goes there, else twice a minute', async () => {
    turn(50);
    await vi.advanceTimersByTimeAsync(900);
    expect(asked).toHaveBeenCalledTimes(0);
    turn(50);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toHaveBeenCalledTimes(1);
    turn(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveBeenCalledTimes(4);
  });

  test('one question at a time: no older answer takes back what was chosen by a newer one', async () => {
    isSlow = true;
    await vi.advanceTimersByTimeAsync(2_000);
    turn(1);
    await vi.advanceTimersByTimeAsync(0);
    turn(50); // a workspace is made meanwhile
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveBeenCalledTimes(1);
    waiting[0]!(made('w1'));
    await vi.advanceTimersByTimeAsync(1_100);
    expect(asked).toHaveBeenCalledTimes(2);
    waiting[1]!(made('w1', 'w2'));
    await vi.advanceTimersByTimeAsync(0);
    workspaces.choose('w2');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveBeenCalledTimes(2);
    expect(workspaces.current).toBe('w2');
  });

  test('not at all after the list is gone, whose answer changes nothing', async () => {
    isSlow = true;
    await vi.advanceTimersByTimeAsync(2_000);
    turn(1);
    await vi.advanceTimersByTimeAsync(0);
    workspaces.dispose();
    waiting[0]!(made('w9'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(listener.show).not.toHaveBeenCalled();
  });
});
