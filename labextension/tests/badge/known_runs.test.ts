import { afterEach, expect, test } from 'vitest';
import { KnownRuns } from '../../src/badge/known_runs';
import { until } from '../view/setup';
import { row } from '../compare/fake_server';
import { cellRow, FakeRuns, NOTEBOOK } from './fake_runs';

const made: KnownRuns[] = [];

function knownRuns(server: FakeRuns): KnownRuns {
  const known = new KnownRuns(server, server);
  made.push(known);
  return known;
}

afterEach(() => {
  for (const known of made.splice(0)) known.dispose();
});

test("a notebook's runs are found in every workspace, and what ran", async () => {
  const server = new FakeRuns();
  server.add('w1', cellRow('digits-1', 'c1', { created_at: 100 }), 'old');
  server.add('w2', cellRow('digits-2', 'c1', { created_at: 200 }), 'new');
  server.add('w3', row('other-1'));
  const known = knownRuns(server);
  await known.find(NOTEBOOK);
  expect(known.latestOf(NOTEBOOK, 'c1')?.row.id).toBe('digits-2');
  await until(() => known.latestOf(NOTEBOOK, 'c1')?.source === 'new', 'what ran is known');
  expect([server.heard('w1'), server.heard('w2'), server.heard('w3')]).toEqual([1, 1, 0]);
  expect(server.asked.filter(what => what.startsWith('run '))).toEqual(['run digits-2']);
});

test('a run that an output names is asked for, once', async () => {
  const server = new FakeRuns();
  server.add('w', row('digits-1'), 'text');
  const known = knownRuns(server);
  const key = { workspace: 'w', run: 'digits-1' };
  expect(known.get(key)).toBeUndefined();
  await until(() => known.get(key)?.source === 'text', 'it came');
  expect(server.asked).toEqual(['run digits-1']);
});

test('one that is gone is not asked for again and again', async () => {
  const server = new FakeRuns();
  const known = knownRuns(server);
  let told = 0;
  known.subscribe(() => told++);
  known.get({ workspace: 'w', run: 'gone-1' });
  await until(() => told > 0, 'it was asked');
  expect(known.get({ workspace: 'w', run: 'gone-1' })).toBeUndefined();
  expect(server.asked).toEqual(['run gone-1']);
});

test('news are told: a status, a new run of the notebook, one that is deleted', async () => {
  const server = new FakeRuns();
  server.add('w', cellRow('digits-1', 'c1', { status: 'Running' }), '');
  const known = knownRuns(server);
  await known.find(NOTEBOOK);
  let told = 0;
  known.subscribe(() => told++);
  server.tell('w', { rows: [cellRow('digits-1', 'c1', { status: 'Failed' }), row('other-1')] });
  await until(() => told > 0, 'it is told');
  expect(known.latestOf(NOTEBOOK, 'c1')?.row.status).toBe('Failed');
  server.add('w', cellRow('digits-2', 'c1', { created_at: 1795509999 }), '');
  server.tell('w', { rows: [server.rows.get('w')![0]!] });
  expect(known.latestOf(NOTEBOOK, 'c1')?.row.id).toBe('digits-2');
  server.tell('w', { gone: ['digits-2'] });
  expect(known.latestOf(NOTEBOOK, 'c1')?.row.id).toBe('digits-1');
});

test('what the stream says while an answer is on its way is newer than the answer', async () => {
  const server = new FakeRuns();
  server.add('w', cellRow('digits-1', 'c1', { status: 'Running' }), 'text');
  const known = knownRuns(server);
  await known.find(NOTEBOOK);
  const answer = server.runs('w', { notebook: NOTEBOOK });
  let release: () => void = () => undefined;
  const released = new Promise<void>(resolve => (release = resolve));
  let isAsked = false;
  server.runs = () => {
    isAsked = true;
    return released.then(() => answer);
  };
  const finding = known.find(NOTEBOOK);
  await until(() => isAsked, 'it is asked again');
  server.tell('w', { rows: [cellRow('digits-1', 'c1', { status: 'Completed' })] });
  release();
  await finding;
  expect(known.latestOf(NOTEBOOK, 'c1')?.row.status).toBe('Completed');
});

test('after a reset all is asked anew', async () => {
  const server = new FakeRuns();
  server.add('w', cellRow('digits-1', 'c1', { status: 'Running' }), '');
  const known = knownRuns(server);
  await known.find(NOTEBOOK);
  server.rows.set('w', [cellRow('digits-1', 'c1', { status: 'Completed' })]);
  server.tell('w', { reset: true });
  await until(() => known.latestOf(NOTEBOOK, 'c1')?.row.status === 'Completed', 'it is asked');
});

test('while the server makes its index, it is asked again', async () => {
  const server = new FakeRuns();
  server.add('w', cellRow('digits-1', 'c1'));
  const rows = server.rows.get('w')!;
  server.rows.set('w', [row('other-1')]);
  server.isComplete = false;
  const known = knownRuns(server);
  await known.find(NOTEBOOK);
  expect(known.latestOf(NOTEBOOK, 'c1')).toBeUndefined();
  server.rows.set('w', rows);
  server.isComplete = true;
  await until(() => known.latestOf(NOTEBOOK, 'c1') !== undefined, 'it is found');
});

test('it leaves nothing behind', async () => {
  const server = new FakeRuns();
  server.add('w', cellRow('digits-1', 'c1'));
  const known = knownRuns(server);
  await known.find(NOTEBOOK);
  known.dispose();
  expect(server.heard('w')).toBe(0);
});
