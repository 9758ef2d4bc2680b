import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeServer } from '../../dev/fake_server';
import type { Frame } from '../../src/data/protocol';
import { ServerError } from '../../src/server/api';
import { Connection, type RunListener } from '../../src/server/connection';
import type { RowsNews } from '../../src/server/stream_messages';

const KEY = { workspace: 'w', run: 'digits_1' };
const SECOND = 1_000;

let server: FakeServer;
let page: EventTarget;
let answer: () => Promise<unknown>;
let connection: Connection;
let states: string[];

/** A listener that remembers. */
function listener(): RunListener & { frames: number[]; errors: string[] } {
  const frames: number[] = [];
  const errors: string[] = [];
  return {
    frames,
    errors,
    frame: (frame: Frame) => frames.push(frame.frame),
    error: (status, message) => errors.push(`${status} ${message}`),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  page = new EventTarget();
  answer = () => Promise.reject(new ServerError(0, 'Failed to fetch'));
  const options = { WebSocket: server.WebSocket, ask: () => answer(), random: () => 1, page };
  connection = new Connection(() => 'ws://x/cellrun/api/stream', options);
  states = [];
  connection.onState(() => states.push(connection.state));
});

afterEach(() => {
  connection.dispose();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('one socket', () => {
  test('is opened by the first who follows, shared, and closed a while after the last left', () => {
    expect(server.sockets).toHaveLength(0);
    const run = connection.follow(KEY, listener());
    const list = connection.list('w', ['*'], { rows: vi.fn(), error: vi.fn() });
    expect(server.received).toEqual([]);
    server.accept();
    expect(server.received).toEqual([
      { type: 'follow', channel: 1, ...KEY, protocol: 1, epoch: null, frame: -1 },
      { type: 'list', channel: 2, workspace: 'w', sparks: ['*'], epoch: null, cursor: -1 },
    ]);
    run.leave();
    run.leave();
    list.leave();
    expect(server.received.slice(2)).toEqual([
      { type: 'leave', channel: 1 },
      { type: 'leave', channel: 2 },
    ]);
    vi.advanceTimersByTime(5 * SECOND);
    connection.follow(KEY, listener()).leave();
    vi.advanceTimersByTime(9 * SECOND);
    expect(server.socket.isClosed).toBe(false);
    vi.advanceTimersByTime(SECOND);
    expect(server.socket.isClosed).toBe(true);
    expect(server.sockets).toHaveLength(1);
    expect(states).toEqual(['connecting', 'open', 'idle']);
  });

  test('brings each channel its own, buffers included', () => {
    const first = listener();
    const seen: number[][] = [];
    connection.follow({ ...KEY, run: 'other' }, first);
    connection.follow(KEY, {
      ...listener(),
      frame: (_frame, buffers) => seen.push(buffers.map(b => b.length)),
    });
    server.accept();
    server.tell({
      reset: true,
      header: {},
      log: 'line\n',
      metrics: { loss: { columns: { step: [0], loss: [1] } } },
    });
    expect(seen).toEqual([[8, 8, 5]]);
    expect(first.frames).toEqual([]);
  });

  test('tells who asked what the server cannot do', () => {
    const run = listener();
    connection.follow(KEY, run);
    server.accept();
    server.say({ type: 'error', channel: 1, status: 404, message: 'there is no run digits_1' });
    server.say({ type: 'error', channel: null, status: 400, message: 'a message was wrong' });
    server.say({ type: 'something new' });
    expect(run.errors).toEqual(['404 there is no run digits_1']);
  });
});

describe('a connection that ends', () => {
  test('comes back, and each channel goes on from where it was', () => {
    const run = listener();
    const news: RowsNews[] = [];
    connection.follow(KEY, run);
    connection.list('w', [], { rows: rows => news.push(rows), error: vi.fn() });
    server.accept();
    server.tell({ reset: true, header: {} });
    server.tell({});
    server.say({ type: 'rows', channel: 2, epoch: 'list', cursor: 7, reset: true, rows: [], gone: [] });
    server.end();
    expect(connection.state).toBe('retrying');
    expect(connection.retryAt).toBe(Date.now() + 2 * SECOND);
    vi.advanceTimersByTime(2 * SECOND);
    server.accept();
    expect(server.received.slice(2)).toEqual([
      { type: 'follow', channel: 1, ...KEY, protocol: 1, epoch: 'first', frame: 1 },
      { type: 'list', channel: 2, workspace: 'w', sparks: [], epoch: 'list', cursor: 7 },
    ]);
    server.tell({});
    expect(run.frames).toEqual([0, 1, 2]);
    expect(news).toHaveLength(1);
  });

  test('is tried again ever more seldom, up to half a minute, and at once again after it was good', async () => {
    connection.follow(KEY, listener());
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      server.end();
      waits.push((connection.retryAt ?? 0) - Date.now());
      await vi.advanceTimersByTimeAsync(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([2, 4, 8, 16, 30, 30, 30].map(seconds => seconds * SECOND));
    server.accept();
    vi.advanceTimersByTime(6 * SECOND);
    server.end();
    expect(connection.retryAt).toBe(Date.now() + 2 * SECOND);
  });

  test('that opens and closes each time is not tried more and more often', () => {
    connection.follow(KEY, listener());
    for (let i = 0; i < 6; i++) {
      server.accept();
      server.end();
      vi.advanceTimersByTime((connection.retryAt ?? 0) - Date.now());
    }
    server.end();
    expect(connection.retryAt).toBe(Date.now() + 30 * SECOND);
  });

  test('can be tried at once: by hand, when the network is back, when the page is looked at again', () => {
    connection.follow(KEY, listener());
    server.accept();
    const tries = [
      () => connection.retry(),
      ...['online', 'focus', 'visibilitychange'].map(name => () => page.dispatchEvent(new Event(name))),
    ];
    for (const retry of tries) {
      server.end();
      const before = server.sockets.length;
      retry();
      expect(server.sockets).toHaveLength(before + 1);
      server.accept();
    }
  });

  test('that never opens is given up and tried again', () => {
    connection.follow(KEY, listener());
    vi.advanceTimersByTime(15 * SECOND);
    expect(connection.state).toBe('retrying');
    expect(server.socket.isClosed).toBe(true);
  });

  test.each([
    ['unreachable', () => Promise.reject(new ServerError(0, 'Failed to fetch'))],
    ['unreachable', () => Promise.reject(new ServerError(503, 'Service Unavailable'))],
    ['denied', () => Promise.reject(new ServerError(403, 'Forbidden'))],
    ['denied', () => Promise.reject(new SyntaxError('a login page is no JSON'))],
    ['missing', () => Promise.reject(new ServerError(404, 'Not Found'))],
    ['blocked', () => Promise.resolve({ version: '1', protocol: 1 })],
  ])('is explained: %s', async (trouble, answers) => {
    answer = answers;
    connection.follow(KEY, listener());
    server.end();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.trouble).toBe(trouble);
    await vi.advanceTimersByTimeAsync(2 * SECOND);
    expect([connection.state, connection.trouble]).toEqual(['connecting', trouble]); // no word flickers
    server.accept();
    expect(connection.trouble).toBeNull();
  });
});

describe('a dead connection', () => {
  test('is noticed: nothing comes, nor an answer to a question', () => {
    connection.follow(KEY, listener());
    server.accept();
    vi.advanceTimersByTime(25 * SECOND);
    expect(server.asked('ping')).toHaveLength(1); // and answered
    server.isAlive = false;
    vi.advanceTimersByTime(26 * SECOND);
    expect(connection.state).toBe('retrying');
  });

  test('is noticed soon after the computer slept', () => {
    connection.follow(KEY, listener());
    server.accept();
    server.isAlive = false;
    vi.setSystemTime(Date.now() + 3600 * SECOND);
    vi.advanceTimersByTime(15 * SECOND);
    expect(connection.state).toBe('retrying');
  });

  test('is not suspected while there is news, or an answer', () => {
    connection.follow(KEY, listener());
    server.accept();
    for (let i = 0; i < 100; i++) {
      server.tell({ reset: i === 0 });
      vi.advanceTimersByTime(2 * SECOND);
    }
    expect(server.asked('ping')).toHaveLength(0);
    vi.setSystemTime(Date.now() + 3600 * SECOND);
    vi.advanceTimersByTime(60 * SECOND);
    expect(connection.state).toBe('open');
  });
});

test('after a gap, a whole frame is asked for on another channel; what is under way on the old one is not heard', () => {
  const run = listener();
  const following = connection.follow(KEY, run);
  server.accept();
  server.tell({ reset: true });
  following.again(true);
  expect(server.received.slice(1)).toEqual([
    { type: 'leave', channel: 1 },
    { type: 'follow', channel: 2, ...KEY, protocol: 1, epoch: 'first', frame: -1 },
  ]);
  server.say({ type: 'error', channel: 1, status: 500, message: 'late' });
  expect(run.errors).toEqual([]);
  server.tell({ reset: true });
  expect(run.frames).toEqual([0, 1]);
  following.again(false);
  expect(server.received.at(-1)).toMatchObject({ channel: 3, epoch: 'first', frame: 1 });
  following.leave();
  following.again(true);
  expect(server.asked('leave').map(message => message.channel)).toEqual([1, 2, 3]);
});

test('other sparks are asked for from the same cursor', () => {
  const list = connection.list('w', ['loss'], { rows: vi.fn(), error: vi.fn() });
  server.accept();
  server.say({ type: 'rows', channel: 1, epoch: 'e', cursor: 3, reset: true, rows: [], gone: [] });
  list.setSparks(['accuracy']);
  expect(server.received.slice(1)).toEqual([
    { type: 'leave', channel: 1 },
    { type: 'list', channel: 2, workspace: 'w', sparks: ['accuracy'], epoch: 'e', cursor: 3 },
  ]);
});
