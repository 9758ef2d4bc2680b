import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeServer } from '../../dev/fake_server';
import { RunSources, type Shared } from '../../src/data/run_sources';
import type { Change } from '../../src/data/run_state';
import type { ServerSource } from '../../src/data/server_source';
import { Api } from '../../src/server/api';
import { Connection } from '../../src/server/connection';
import { ENGLISH } from '../../src/server/words';

const KEY = { workspace: 'w', run: 'digits_1' };
const SECOND = 1_000;
const loss = (values: number[], at = 0) => ({
  loss: { at, columns: { step: values.map((_, i) => at + i), loss: values } },
});

let server: FakeServer;
let requests: { method: string; url: string }[];
let answers: (url: string) => Response | Promise<Response>;
let connection: Connection;
let sources: RunSources;
let shared: Shared;
let source: ServerSource;
let changes: Change[];

const values = (): number[] => [...(source.state.metrics.get('loss')?.column('loss')?.numbers.values ?? [])];
const json = (status: number, body: object): Response => new Response(JSON.stringify(body), { status });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', { cookie: '_xsrf=pair' });
  server = new FakeServer();
  requests = [];
  answers = () => json(200, {});
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    requests.push({ method: init.method ?? 'GET', url });
    return Promise.resolve(answers(url));
  };
  const api = new Api({ baseUrl: '/', fetch: fetch as typeof globalThis.fetch });
  const options = { WebSocket: server.WebSocket, ask: () => api.version(), random: () => 1 };
  connection = new Connection(() => 'ws://x', options);
  sources = new RunSources(api, connection, ENGLISH);
  shared = sources.share(KEY);
  ({ source } = shared);
  server.accept();
  changes = [];
  source.subscribe(change => changes.push(change));
});

afterEach(() => {
  shared.release();
  vi.advanceTimersByTime(2 * SECOND);
  connection.dispose();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('frames', () => {
  test('fill the state', () => {
    server.tell({ reset: true, header: {}, metrics: loss([3]), log: 'one\n' });
    server.tell({ metrics: loss([2], 1) });
    expect(values()).toEqual([3, 2]);
    expect(source.state.log.last).toBe(1);
    expect(changes.map(change => change.header)).toEqual([true, false]);
  });

  test('that were lost are asked for once, whole', () => {
    server.tell({ reset: true, header: {}, metrics: loss([3]) });
    server.lose({ metrics: loss([2], 1) });
    server.tell({ metrics: loss([1], 2) });
    expect(values()).toEqual([3]);
    expect(server.asked('follow').map(message => message.frame)).toEqual([-1, -1]);
    server.tell({ reset: true, metrics: loss([3, 2, 1]) });
    server.tell({ metrics: loss([0], 3) });
    expect(values()).toEqual([3, 2, 1, 0]);
    expect(server.asked('follow')).toHaveLength(2);
  });

  test('a flood with gaps ends with every point, and asks ever more seldom', () => {
    server.tell({ reset: true, header: {} });
    for (let i = 0; i < 600; i++) {
      server.lose({ metrics: loss([i], i) });
      server.tell({});
      vi.advanceTimersByTime(100);
    }
    expect(server.asked('follow').length).toBeLessThan(9);
    server.tell({ reset: true, metrics: loss(Array.from({ length: 600 }, (_, i) => i)) });
    expect(values()).toEqual(Array.from({ length: 600 }, (_, i) => i));
  });

  test('of another protocol are not read, and the reader is told', () => {
    const json = new TextEncoder().encode(
      JSON.stringify({
        type: 'frame',
        protocol: 2,
        frame: 0,
        reset: true,
        channel: 1,
        epoch: 'e',
        lengths: [],
      }),
    );
    const message = new Uint8Array(4 + json.length);
    new DataView(message.buffer).setUint32(0, json.length, true);
    message.set(json, 4);
    server.socket.onmessage?.({ data: message.buffer });
    expect(source.problem).toMatch(/protocol 2, this page's 1: restart JupyterLab/);
    expect(source.state.header).toBeNull();
  });
});

describe('a server that is gone', () => {
  beforeEach(() => {
    server.tell({ reset: true, header: {}, metrics: loss([3]) });
    answers = () => Promise.reject(new TypeError('Failed to fetch'));
    server.end();
  });

  test('is told to the reader, and nothing that was shown goes', () => {
    expect(source.disconnected?.message).toBe(ENGLISH.unreachable);
    expect(changes.at(-1)?.header).toBe(true);
    vi.advanceTimersByTime(60 * SECOND);
    expect(source.silentSince).toBeNull(); // one sentence is enough
    expect(values()).toEqual([3]);
    source.disconnected?.retry();
    server.accept();
    expect(source.disconnected).toBeNull();
    expect(changes.at(-1)?.header).toBe(true);
  });

  test('that is the same goes on where it was', () => {
    source.disconnected?.retry();
    server.accept();
    expect(server.asked('follow').at(-1)).toMatchObject({ epoch: 'first', frame: 0 });
    server.tell({ metrics: loss([2], 1) });
    expect(values()).toEqual([3, 2]);
  });

  test('that is a new one tells all anew', () => {
    source.disconnected?.retry();
    server.accept();
    server.restart();
    server.tell({ reset: true, header: {}, metrics: loss([3, 2, 1]) });
    server.tell({ metrics: loss([0], 3) });
    expect(values()).toEqual([3, 2, 1, 0]);
  });

  test('and asks for a login when it is back is said in words', async () => {
    answers = () => json(403, { message: 'Forbidden', status: 403 });
    vi.advanceTimersByTime(2 * SECOND);
    server.end();
    await vi.advanceTimersByTimeAsync(0);
    expect(source.disconnected?.message).toBe(ENGLISH.denied);
    expect(changes.at(-1)?.header).toBe(true);
  });

  test('is no matter to a run that ended', () => {
    source.disconnected?.retry();
    server.accept();
    server.tell({ header: { status: 'Completed' } });
    server.end();
    expect(source.disconnected).toBeNull();
  });
});

describe('a run that is gone', () => {
  test('was deleted: the reader is told, and nobody is asked any more', () => {
    server.tell({ reset: true, header: {}, metrics: loss([3]) });
    server.say({ type: 'error', channel: 1, status: 404, message: 'no run digits_1' });
    expect([source.isLost, source.problem]).toEqual([true, ENGLISH.deleted]);
    expect(values()).toEqual([3]);
    vi.advanceTimersByTime(60 * SECOND);
    expect(server.asked('follow')).toHaveLength(1);
    expect(source.silentSince).toBeNull();
  });

  test('whose folder cannot be read for now is asked for again', () => {
    server.say({ type: 'error', channel: 1, status: 500, message: "the run's folder can't be read" });
    expect([source.isLost, source.problem]).toEqual([false, "the run's folder can't be read"]);
    vi.advanceTimersByTime(10 * SECOND);
    expect(server.asked('follow').length).toBeGreaterThan(1);
    server.tell({ reset: true, header: {} });
    expect(source.problem).toBeNull();
  });
});

test('silence of a connected server is told; it is asked for what comes after the last frame', () => {
  server.tell({ reset: true, header: {} });
  const heard = Date.now();
  vi.advanceTimersByTime(16 * SECOND);
  expect(source.silentSince).toBe(heard);
  expect(server.asked('follow').at(-1)).toMatchObject({ epoch: 'first', frame: 0 });
  server.tell({});
  expect(source.silentSince).toBeNull();
});

describe('questions go over HTTP', () => {
  test('cancel; a refusal is told in the words of the server', async () => {
    answers = () => json(409, { message: 'the run digits-1 is Completed', status: 409 });
    source.cancel();
    await vi.advanceTimersByTimeAsync(0);
    expect(requests).toEqual([{ method: 'POST', url: '/cellrun/api/workspaces/w/runs/digits_1/cancel' }]);
    expect(source.problem).toBe('the run digits-1 is Completed');
  });

  test('cancel while the server is gone is said by the connection alone', async () => {
    server.end();
    answers = () => Promise.reject(new TypeError('Failed to fetch'));
    source.cancel();
    await vi.advanceTimersByTimeAsync(0);
    expect(source.problem).toBeNull();
  });

  test('older log, which goes in front', async () => {
    const tail = { start: 1000, end: 1010, size: 1010, reset: true };
    server.tell({ reset: true, header: {}, log: 'xxxx\nlast\n', logPart: tail });
    answers = () => new Response('0123\n'.repeat(201));
    source.readOlderLog();
    source.readOlderLog();
    await vi.advanceTimersByTimeAsync(0);
    expect(requests.map(request => request.url)).toEqual([
      '/cellrun/api/workspaces/w/runs/digits_1/log?offset=0&length=1005',
    ]);
    expect(source.state.log.start).toBe(0);
  });

  test('a part of a metric', async () => {
    answers = () => json(200, { name: 'loss', exact: true });
    const part = await source.readMetric({ name: 'loss', x: 'step', from: 1, to: 2 });
    expect(part.exact).toBe(true);
    expect(requests.at(-1)?.url).toContain('/metric?name=loss&x=step&from=1&to=2');
  });

  test('a search in the log, part after part, until nobody waits for it', async () => {
    const over = new AbortController();
    const parts = [
      { count: 2, lines: [1, 7], numbers: [0, 1], ends: 20, next: 100 },
      { count: 1, lines: [150], numbers: [3], ends: 10, next: null },
    ];
    answers = () => json(200, parts[(requests.length - 1) % 2]!);
    expect(await source.searchLog('epoch 7', 200, over.signal)).toEqual({
      count: 3,
      lines: [1, 7, 150],
      numbers: [0, 1, 23],
      ends: 30,
    });
    expect(requests.map(({ url }) => new URL(url, 'http://x').searchParams.get('start'))).toEqual([
      '0',
      '100',
    ]);
    const asked = source.searchLog('epoch 7', 200, over.signal);
    over.abort();
    await asked;
    expect(requests).toHaveLength(3);
  });
});

describe('a source', () => {
  beforeEach(() => server.tell({ reset: true, header: { status: 'Completed' } }));

  test('is shared by all views of a run, and let go with the last', () => {
    const other = sources.share({ ...KEY });
    expect(other.source).toBe(source);
    expect(server.asked('follow')).toHaveLength(1);
    other.release();
    other.release();
    vi.advanceTimersByTime(5 * SECOND);
    expect(server.asked('leave')).toHaveLength(0);
    shared.release();
    vi.advanceTimersByTime(5 * SECOND);
    expect(server.asked('leave')).toHaveLength(1);
    shared = sources.share(KEY);
    expect(shared.source).not.toBe(source);
  });

  test('outlives the moment between two views', () => {
    shared.release();
    vi.advanceTimersByTime(SECOND);
    shared = sources.share(KEY);
    vi.advanceTimersByTime(5 * SECOND);
    expect(shared.source).toBe(source);
    expect(server.asked('leave')).toHaveLength(0);
  });
});
