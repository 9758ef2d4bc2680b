import { expect, test, vi } from 'vitest';
import { FakeRuns, live, row } from '../../dev/fake_runs';
import { RunActions, type RunChange } from '../../src/actions/run_actions';
import { tagChange, tagsFromLine, tagsToLine } from '../../src/actions/tags';
import { Api } from '../../src/server/api';
import { FakeDialogs } from '../panel/setup';

interface Made {
  readonly server: FakeRuns;
  readonly dialogs: FakeDialogs;
  readonly actions: RunActions;
  readonly changes: RunChange[];
  readonly open: ReturnType<typeof vi.fn>;
}

function make(...rows: ReturnType<typeof row>[]): Made {
  const server = new FakeRuns(rows);
  const dialogs = new FakeDialogs();
  const api = new Api({ baseUrl: '/', fetch: server.fetch });
  const open = vi.fn();
  const actions = new RunActions(api, dialogs, { open, compare: vi.fn(), jumpToCell: vi.fn() });
  const changes: RunChange[] = [];
  actions.onChange(change => changes.push(change));
  return { server, dialogs, actions, changes, open };
}

test('deleting says first what it frees and what stays, then deletes the others', async () => {
  const { server, dialogs, actions, changes } = make(row(1), row(2), live(3));
  server.refused.set('digits_3', 'it is Running: cancel it first');
  expect(await actions.delete('w1', server.rows)).toEqual(['digits_1', 'digits_2']);
  expect(dialogs.asked[0]).toMatchObject({
    title: 'Delete 2 runs?',
    lines: [
      'digits-1, digits-2',
      'Frees 3.0 MB. This cannot be undone.',
      'digits-3 stays: it is Running: cancel it first',
    ],
    danger: true,
  });
  const bodies = server.asked.map(({ body }) => body);
  expect(bodies).toEqual([
    { runs: ['digits_1', 'digits_2', 'digits_3'], dry: true },
    { runs: ['digits_1', 'digits_2'], dry: false },
  ]);
  expect(changes).toEqual([{ workspace: 'w1', rows: [], gone: ['digits_1', 'digits_2'] }]);
  expect(server.rows.map(one => one.id)).toEqual(['digits_3']);
});

test('the children that go with a run are named, too', async () => {
  const { server, dialogs, actions } = make(row(1), row(2));
  server.below.set('digits_1', ['digits_2']);
  expect(await actions.delete('w1', [row(1)])).toEqual(['digits_1', 'digits_2']);
  expect(dialogs.asked[0]).toMatchObject({ title: 'Delete 2 runs?' });
  expect(dialogs.asked[0]?.lines[0]).toBe('digits-1, digits-2');
});

test('what is dismissed, or all refused, deletes nothing', async () => {
  const { server, dialogs, actions } = make(row(1), live(2));
  dialogs.answer = null;
  expect(await actions.delete('w1', [row(1)])).toEqual([]);
  server.refused.set('digits_2', 'it is Running');
  expect(await actions.delete('w1', [live(2)])).toEqual([]);
  expect(dialogs.told).toEqual([['None of them can be deleted:\ndigits-2 stays: it is Running', 'error']]);
  expect(server.asked.every(({ body }) => (body as { dry: boolean }).dry)).toBe(true);
});

test('many refusals are told in short', async () => {
  const rows = Array.from({ length: 9 }, (_, i) => live(i));
  const { server, dialogs, actions } = make(row(100), ...rows);
  for (const { id } of rows) server.refused.set(id, 'it is Running');
  dialogs.answer = null;
  await actions.delete('w1', server.rows);
  expect(dialogs.asked[0]!.title).toBe('Delete digits-100?');
  expect(dialogs.asked[0]!.lines).toHaveLength(1 + 5 + 1);
  expect(dialogs.asked[0]!.lines.at(-1)).toBe('… and 4 more stay.');
});

test('one run is canceled at once, several after a question, ended ones not at all', async () => {
  const { server, dialogs, actions } = make(row(1), live(2), live(3));
  await actions.cancel('w1', [live(2)]);
  expect(dialogs.asked).toEqual([]);
  await actions.cancel('w1', server.rows);
  expect(dialogs.asked[0]).toMatchObject({ title: 'Cancel 2 runs?', accept: 'Cancel 2 runs', danger: true });
  expect(server.asked.map(({ path }) => path)).not.toContain('workspaces/w1/runs/digits_1/cancel');
  server.failure = { status: 409, message: 'it has ended' };
  await actions.cancel('w1', [live(2)]);
  expect(dialogs.told).toEqual([['digits-2 was not canceled: it has ended', 'error']]);
});

test('name and tags are edited; only what changed is sent', async () => {
  const tags = { best: null, dataset: 'a,b', old: '1' };
  const { server, dialogs, actions, changes } = make(row(1, { tags }));
  dialogs.answer = ['digits-1', 'best, dataset=a\\,b, old=1'];
  await actions.edit('w1', server.rows[0]!);
  expect(server.asked).toEqual([]);
  dialogs.answer = ['a better name', 'best, new=x=y, dataset=a\\,b'];
  const edited = await actions.edit('w1', server.rows[0]!);
  expect(server.asked[0]!.body).toEqual({
    display_name: 'a better name',
    tags: { new: 'x=y' },
    remove_tags: ['old'],
  });
  expect(edited).toMatchObject({ tags: { best: null, dataset: 'a,b', new: 'x=y' } });
  expect(changes).toHaveLength(1);
});

test('a run is submitted again; a refusal is told', async () => {
  const { server, dialogs, actions, changes, open } = make(row(1));
  expect(await actions.again('w1', row(1))).toMatchObject({ name: 'digits-1001' });
  expect(dialogs.told).toEqual([['digits-1001 is submitted.', 'info']]);
  expect(changes).toMatchObject([{ rows: [{ id: 'digits_1001' }], repeats: 'digits_1' }]);
  dialogs.links[0]!.follow(); // to the same run
  expect(open).toHaveBeenCalledWith({ workspace: 'w1', run: 'digits_1001' });
  server.failure = { status: 400, message: 'it has no snapshot' };
  expect(await actions.again('w1', row(1))).toBeNull();
  expect(dialogs.told.at(-1)).toEqual(['digits-1: it has no snapshot', 'error']);
  expect(await actions.againByKey({ workspace: 'w1', run: 'digits_1' })).toBeNull();
  expect(dialogs.told.at(-1)).toEqual(['it has no snapshot', 'error']);
});

test('a run that nobody proves to be ones own is run only after a question', async () => {
  const { server, dialogs, actions, changes } = make(row(1));
  server.untrusted = "run digits_1 brings code that runs here, and it isn't signed";
  dialogs.answer = null;
  expect(await actions.again('w1', row(1))).toBeNull();
  expect(dialogs.asked).toEqual([
    {
      title: 'Run the code of digits-1?',
      lines: [server.untrusted, expect.stringContaining('if you trust whoever submitted it')],
      accept: 'Run it',
      danger: true,
    },
  ]);
  expect([server.rows.length, changes, dialogs.told]).toEqual([1, [], []]);
  dialogs.answer = [];
  expect(await actions.again('w1', row(1))).toMatchObject({ name: 'digits-1001' });
  expect(server.asked.map(({ body }) => body)).toEqual([{}, {}, { trust: true }]);
  expect(changes).toHaveLength(1);
});

test('code that gets the run is copied', async () => {
  const { dialogs, actions } = make(row(1));
  const written = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
  await actions.copyCode({ workspace: 'w1', run: 'digits_1' });
  expect(written).toHaveBeenCalledWith("run = Run.get(ws, 'digits_1')");
  expect(dialogs.told[0]![1]).toBe('info');
  written.mockRestore();
});

test('what cannot be done is offered as such, with the reason', () => {
  const { actions } = make();
  const of = (...rows: ReturnType<typeof row>[]): Map<string, string | undefined> =>
    new Map(
      actions
        .of('w1', rows)
        .flat()
        .map(action => [action.id, action.enabled ? '' : action.why]),
    );
  expect(of()).toEqual(new Map());
  expect(of(row(1, { kind: 'interactive' })).get('again')).toContain('text of its cells');
  expect(of(row(1)).get('cell')).toContain('not submitted from a cell');
  expect(of(row(1)).get('cancel')).toContain('running or queued');
  expect(of(row(1)).get('compare')).toContain('2 to 20');
  expect(of(live(1)).get('delete')).toContain('canceled first');
  expect(of(row(1, { status: 'NotResponding' })).get('delete')).toBe('');
  expect([...of(live(1), row(2)).entries()]).toEqual([
    ['compare', ''],
    ['cancel', ''],
    ['delete', ''],
  ]);
});

test.each([
  [{}, ''],
  [{ best: null, dataset: 'digits' }, 'best, dataset=digits'],
  [{ 'a,b': 'c=d\\', '': 'x' }, 'a\\,b=c\\=d\\\\, =x'],
])('tags %j as a line and back', (tags, line) => {
  expect(tagsToLine(tags)).toBe(line);
  const named = Object.entries(tags).filter(([name]) => name !== '');
  expect([...tagsFromLine(line)]).toEqual(named);
});

test('tags that stay are not sent', () => {
  expect(
    tagChange(
      { a: null, b: '1' },
      new Map([
        ['a', null],
        ['b', '2'],
      ]),
    ),
  ).toEqual({ tags: { b: '2' }, remove_tags: [] });
});
