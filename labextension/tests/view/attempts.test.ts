import { expect, test } from 'vitest';
import { Metric } from '../../src/data/metric';
import type { Attempt } from '../../src/data/protocol';
import { curvesOf } from '../../src/view/charts/curve';

/** The x and y of a chart of a metric whose run was started again. */
function drawn(x: number[], y: number[], attempts: readonly Attempt[]): [number[], number[]] {
  const metric = new Metric('loss');
  const column = (name: string, buffer: number) => ({
    name,
    type: 'number' as const,
    buffer,
    text: null,
    last: 0,
  });
  const buffers = [x, y].map(values => Float64Array.from(values).buffer);
  const columns = [column('step', 0), column('loss', 1)];
  metric.apply(
    { name: 'loss', kind: 'row', rows: x.length, columns, at: 0, length: x.length, attempts },
    buffers,
    false,
  );
  const [curve] = curvesOf(metric, { x: 'step', lines: ['loss'] });
  return [[...(curve?.x ?? [])], [...(curve?.y ?? [])]];
}

test('a curve has a gap where another attempt begins', () => {
  expect(drawn([0, 1, 2, 3], [4, 3, 9, 8], [[2, 2]])).toEqual([
    [0, 1, NaN, 2, 3],
    [4, 3, NaN, 9, 8],
  ]);
});

test('where x runs anew it begins anew', () => {
  expect(drawn([1, 2, 3, 2, 3], [4, 3, 2, 3, 2], [[2, 2]])).toEqual([
    [1, 2, 3, NaN, 2, 3],
    [4, 3, 2, NaN, 3, 2],
  ]);
});

test('a curve of one attempt is as it is held, and so is one that runs down', () => {
  expect(drawn([0, 1], [4, 3], [])[0]).toEqual([0, 1]);
  expect(drawn([3, 2, 1, 0], [1, 2, 3, 4], [[2, 1]])[0]).toEqual([3, 2, 1, 0]);
});
