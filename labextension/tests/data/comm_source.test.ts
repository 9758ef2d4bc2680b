import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeKernel } from '../../dev/fake_kernel';
import { CommSource } from '../../src/data/comm_source';
import type { Change } from '../../src/data/run_state';

const loss = (values: number[], at = 0) => ({
  at,
  columns: { step: values.map((_, i) => at + i), loss: values },
});

let kernel: FakeKernel;
let source: CommSource;
let changes: Change[];

const hellos = (): number => kernel.sent.filter(message => message.type === 'hello').length;
const values = (): number[] => [...(source.state.metrics.get('loss')?.column('loss')?.numbers.values ?? [])];

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new FakeKernel();
  source = new CommSource(kernel);
  changes = [];
  source.subscribe(change => changes.push(change));
});

afterEach(() => {
  source.dispose();
  vi.useRealTimers();
});

describe('frames', () => {
  test('fill the state, and say what they changed', () => {
    kernel.tell({ reset: true, header: {}, metrics: { loss: loss([3]) }, log: 'one\n' });
    kernel.tell({ metrics: { loss: loss([2], 1) } });
    expect(values()).toEqual([3, 2]);
    expect(changes.map(change => [change.header, [...change.metrics], change.log])).toEqual([
      [true, ['loss'], true],
      [false, ['loss'], false],
    ]);
    expect(hellos()).toBe(0);
  });

  test('after a lost one, a whole one is asked for and meanwhile nothing wrong is shown', () => {
    kernel.tell({ reset: true, header: {}, metrics: { loss: loss([3]) } });
    kernel.lose({ metrics: { loss: loss([2], 1) } });
    kernel.tell({ metrics: { loss: loss([1], 2) } });
    expect(kernel.sent).toEqual([{ type: 'hello', protocol: 1, frame: 2 }]);
    expect(values()).toEqual([3]);
    kernel.tell({ reset: true, metrics: { loss: loss([3, 2, 1]) } });
    kernel.tell({ metrics: { loss: loss([0], 3) } });
    expect(values()).toEqual([3, 2, 1, 0]);
    expect(hellos()).toBe(1);
  });

  test('a metric that comes whole is right again before the answer to hello', () => {
    kernel.tell({ reset: true, header: {}, metrics: { loss: loss([3]) } });
    kernel.lose({ metrics: { loss: loss([2], 1) } });
    kernel.tell({ metrics: { loss: loss([3, 2, 1]) } });
    kernel.tell({ metrics: { loss: loss([0], 3) } });
    expect(values()).toEqual([3, 2, 1, 0]);
  });

  test('in a flood that drops most of them, hello is asked ever more seldom', () => {
    kernel.tell({ reset: true, header: {} });
    for (let i = 0; i < 600; i++) {
      kernel.lose({});
      kernel.tell({});
      vi.advanceTimersByTime(100);
    }
    expect(hellos()).toBeGreaterThan(3);
    expect(hellos()).toBeLessThan(8); // at 0, 2, 6, 14, 30 s …
  });

  test('of another protocol are not read, and the reader is told', () => {
    kernel.emit({ type: 'frame', protocol: 2, frame: 0, reset: true, metrics: [] });
    expect(source.problem).toMatch(/protocol 2, this page's 1: install one version in both/);
    expect(source.state.header).toBeNull();
    expect(hellos()).toBe(0);
  });

  test('whose log bytes leave a gap ask for a whole one', () => {
    kernel.tell({ reset: true, header: {}, log: 'one\n' });
    kernel.tell({ log: 'nine\n', logPart: { start: 100, end: 105, size: 105 } });
    expect(hellos()).toBe(1);
  });
});

describe('silence', () => {
  test('after three seconds a whole frame is asked for, and ever more seldom', () => {
    kernel.tell({ reset: true, header: {} });
    vi.advanceTimersByTime(2_900);
    expect(hellos()).toBe(0);
    vi.advanceTimersByTime(1_100);
    expect(hellos()).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(hellos()).toBeLessThan(7);
  });

  test('of fifteen seconds is told to the reader, until something comes', () => {
    kernel.tell({ reset: true, header: {} });
    expect(source.silentSince).toBeNull();
    const heard = Date.now();
    vi.advanceTimersByTime(16_000);
    expect(source.silentSince).toBe(heard);
    expect(changes.at(-1)?.header).toBe(true);
    kernel.tell({});
    expect(source.silentSince).toBeNull();
    expect(changes.slice(-2).some(change => change.header)).toBe(true); // so that the view takes its words back
  });

  test('of a kernel that is gone is told to the reader, who can do nothing more', () => {
    kernel.tell({ reset: true, header: {} });
    kernel.isGone = true;
    vi.advanceTimersByTime(5_000);
    expect(source.isLost).toBe(true);
    expect(source.silentSince).toBeNull();
    expect(changes.at(-1)?.header).toBe(true);
    source.cancel();
    vi.advanceTimersByTime(60_000);
    expect(source.silentSince).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of a run that ended is as it should be', () => {
    kernel.tell({ reset: true, header: { status: 'Completed' } });
    vi.advanceTimersByTime(100_000);
    expect(hellos()).toBe(0);
    expect(source.silentSince).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of an ended run with lost frames is not', () => {
    kernel.tell({ reset: true, header: {} });
    kernel.lose({});
    kernel.tell({ header: { status: 'Completed' } });
    vi.advanceTimersByTime(10_000);
    expect(hellos()).toBeGreaterThan(1);
    kernel.tell({ reset: true });
    const asked = hellos();
    vi.advanceTimersByTime(100_000);
    expect(hellos()).toBe(asked);
  });
});

describe('older log', () => {
  const tail = { start: 1000, end: 1010, size: 1010, reset: true };

  test('is asked for once, and goes in front', () => {
    kernel.tell({ reset: true, header: {}, log: 'xxxx\nlast\n', logPart: tail });
    source.readOlderLog();
    source.readOlderLog();
    expect(kernel.sent).toEqual([{ type: 'log', start: 0, end: 1005 }]);
    kernel.emit({ type: 'log', start: 0, end: 1005 }, [new TextEncoder().encode('0123\n'.repeat(201))]);
    expect(source.state.log.start).toBe(0);
    expect(source.state.log.last - source.state.log.first).toBe(202);
    source.readOlderLog();
    expect(kernel.sent).toHaveLength(1); // there is none left
  });

  test('is asked for again when the kernel was too busy to answer', () => {
    kernel.tell({ reset: true, header: {}, log: 'xxxx\nlast\n', logPart: tail });
    source.readOlderLog();
    vi.advanceTimersByTime(2_000);
    kernel.tell({});
    vi.advanceTimersByTime(2_000);
    kernel.tell({});
    source.readOlderLog();
    expect(kernel.sent.filter(message => message.type === 'log')).toHaveLength(2);
  });
});

test('cancel is sent', () => {
  source.cancel();
  expect(kernel.sent).toEqual([{ type: 'cancel' }]);
});

test('what the kernel could not do is kept for the reader', () => {
  kernel.emit({ type: 'error', message: "run 'digits-3' can't be canceled" });
  expect(source.problem).toBe("run 'digits-3' can't be canceled");
  expect(changes.at(-1)?.header).toBe(true);
});

test('nothing is left of a source that was let go', () => {
  source.dispose();
  expect(kernel.heard).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
  kernel.tell({ reset: true, header: {} });
  expect(changes).toEqual([]);
});
