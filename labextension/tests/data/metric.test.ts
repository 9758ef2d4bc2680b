import { describe, expect, test } from 'vitest';
import { FakeKernel, type News } from '../../dev/fake_kernel';
import type { Frame, FromKernel, WireBuffer } from '../../src/data/protocol';
import { IMAGE_VIEW_BYTES, RunState } from '../../src/data/run_state';

/** A state, and a way to give it news as a kernel would. */
function state(): { run: RunState; tell: (news: News, missed?: boolean) => boolean } {
  const run = new RunState();
  const kernel = new FakeKernel();
  let missing = false;
  let complete = true;
  kernel.on('msg:custom', (content: FromKernel, buffers: WireBuffer[]) => {
    complete = run.apply(content as Frame, buffers, missing).complete;
  });
  const tell = (news: News, missed = false): boolean => {
    missing = missed;
    kernel.tell(news);
    return complete;
  };
  return { run, tell };
}

const loss = (values: number[], at = 0, rows?: number) => ({
  at,
  ...(rows === undefined ? {} : { rows }),
  columns: { step: values.map((_, i) => at + i), loss: values },
});

const held = (run: RunState, metric: string, column: string): number[] => [
  ...(run.metrics.get(metric)?.column(column)?.numbers.values ?? []),
];

describe('a metric', () => {
  test('grows by deltas', () => {
    const { run, tell } = state();
    tell({ metrics: { loss: loss([3, 2]) } });
    tell({ metrics: { loss: loss([1, 0.5], 2) } });
    expect(held(run, 'loss', 'loss')).toEqual([3, 2, 1, 0.5]);
    expect(held(run, 'loss', 'step')).toEqual([0, 1, 2, 3]);
    expect(run.metrics.get('loss')?.rows).toBe(4);
  });

  test('grows past what was set aside for it', () => {
    const { run, tell } = state();
    const values = Array.from({ length: 1000 }, (_, i) => i);
    values.forEach(value => tell({ metrics: { loss: loss([value], value) } }));
    expect(held(run, 'loss', 'loss')).toEqual(values);
  });

  test('may have its tail replaced, and shrink', () => {
    const { run, tell } = state();
    tell({ metrics: { loss: loss([3, 2, 1, 0]) } });
    tell({ metrics: { loss: loss([9], 1) } });
    expect(held(run, 'loss', 'loss')).toEqual([3, 9]);
    expect(run.metrics.get('loss')?.length).toBe(2);
  });

  test('is replaced when it was thinned', () => {
    const { run, tell } = state();
    tell({ metrics: { loss: loss([4, 3, 2, 1]) } });
    tell({ metrics: { loss: loss([4, 1], 0, 1_000_000) } });
    expect(held(run, 'loss', 'loss')).toEqual([4, 1]);
    expect(run.metrics.get('loss')?.rows).toBe(1_000_000);
  });

  test('keeps NaN and infinities', () => {
    const { run, tell } = state();
    tell({ metrics: { loss: loss([NaN, Infinity, -Infinity]) } });
    expect(held(run, 'loss', 'loss')).toEqual([NaN, Infinity, -Infinity]);
    expect(run.metrics.get('loss')?.column('loss')?.last).toEqual({ float: '-Infinity' });
  });

  test('holds texts', () => {
    const { run, tell } = state();
    tell({ metrics: { said: { kind: 'table', columns: { row: ['0', '1'], text: ['a', null] } } } });
    expect(run.metrics.get('said')?.column('text')?.text).toEqual(['a', null]);
  });

  test.each(['__proto__', 'constructor', 'toString', '', '💥', '\u202e'])('may be called %j', name => {
    const { run, tell } = state();
    tell({
      metrics: new Map([
        [
          name,
          {
            columns: new Map([
              ['step', [0]],
              [name, [7]],
            ]),
          },
        ],
      ]),
    });
    expect([...run.metrics.keys()]).toEqual([name]);
    expect(held(run, name, name)).toEqual([7]);
  });
});

describe('a part that does not fit', () => {
  test('beyond the end', () => {
    const { run, tell } = state();
    tell({ metrics: { loss: loss([3, 2]) } });
    expect(tell({ metrics: { loss: loss([0], 5) } })).toBe(false);
    expect(held(run, 'loss', 'loss')).toEqual([3, 2]);
  });

  test('of a metric never heard of', () => {
    const { run, tell } = state();
    expect(tell({ metrics: { loss: loss([0], 5) } })).toBe(false);
    expect(run.metrics.size).toBe(0);
  });

  test('of other columns', () => {
    const { run, tell } = state();
    tell({ metrics: { loss: loss([3, 2]) } });
    expect(tell({ metrics: { loss: { at: 2, columns: { step: [2], gain: [1] } } } })).toBe(false);
    expect(held(run, 'loss', 'loss')).toEqual([3, 2]);
  });

  test('after lost frames only what goes on at the end, or replaces all, is taken', () => {
    const { run, tell } = state();
    tell({ metrics: { loss: loss([3, 2, 1]) } });
    expect(tell({ metrics: { loss: loss([0], 1) } }, true)).toBe(false);
    expect(tell({ metrics: { loss: loss([0], 3) } }, true)).toBe(true);
    expect(tell({ metrics: { loss: loss([5, 6]) } }, true)).toBe(true);
    expect(held(run, 'loss', 'loss')).toEqual([5, 6]);
  });
});

test('the oldest images are let go when there are too many', () => {
  const { run, tell } = state();
  const data = new Uint8Array(IMAGE_VIEW_BYTES / 4);
  for (let i = 0; i < 6; i++) tell({ images: [{ name: 'plot', path: `${i}.png`, mime: 'image/png', data }] });
  expect([...run.images.values()].map(image => image.data !== null)).toEqual([
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
});

describe('a whole frame', () => {
  test('lets go of what it does not name', () => {
    const { run, tell } = state();
    tell({ metrics: { loss: loss([1]), old: { columns: { step: [0], old: [1] } } } });
    tell({ reset: true, metrics: { loss: loss([1, 2]) } });
    expect([...run.metrics.keys()]).toEqual(['loss']);
  });

  test('keeps images whose bytes it does not send again', () => {
    const { run, tell } = state();
    const image = { name: 'plot', path: 'plot_1.png', mime: 'image/png' };
    tell({ images: [{ ...image, data: Uint8Array.of(1, 2, 3) }] });
    tell({ reset: true, images: [{ ...image, data: null, bytes: 3 }] });
    expect(run.images.get('plot_1.png')?.data).toEqual(Uint8Array.of(1, 2, 3));
    tell({ reset: true });
    expect(run.images.size).toBe(0);
  });
});
