import { expect, test } from 'vitest';
import runColours from '../../../tests/data/run_colours.json';
import { smoothed } from '../../src/view/charts/curve_look';
import { coloursOf } from '../../src/view/charts/run_colours';
import { logTicks, timeTicks } from '../../src/view/charts/ticks';

const close = (values: ArrayLike<number>, expected: number[]): void => {
  expect(values).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 9));
};

test('a smoothed curve starts at its first value and has no bias to zero', () => {
  close(smoothed(Float64Array.from([5, 5, 5, 5]), 0.99), [5, 5, 5, 5]);
  close(smoothed(Float64Array.from([1, 2, 4]), 0.5), [1, (0.25 + 1) / 0.75, (0.125 + 0.5 + 2) / 0.875]);
  close(smoothed(Float64Array.from([3, 1, 2]), 0), [3, 1, 2]);
});

test('what isn’t finite stays and doesn’t enter the average', () => {
  const values = smoothed(Float64Array.from([NaN, 1, Infinity, 3]), 0.5);
  expect(values[0]).toBeNaN();
  expect(values[2]).toBe(Infinity);
  expect(values[3]).toBeCloseTo((0.25 + 1.5) / 0.75);
});

test('a logarithmic axis has powers of ten where there are two, else round numbers', () => {
  expect(logTicks(0.05, 2000, 3).values).toEqual([0.1, 10, 1000]);
  expect(logTicks(0.9, 110, 5).values).toEqual([1, 10, 100]);
  expect(logTicks(2, 8, 4).values.length).toBeGreaterThan(1);
});

test('times are at what a clock’s reader finds round', () => {
  expect(timeTicks(0, 130, 3).values).toEqual([0, 60, 120]);
  expect(timeTicks(0, 5 * 3600, 3).step).toBe(7200);
  expect(timeTicks(0, 0.5, 4).values).toContain(0.2);
});

test.each(runColours)('runs side by side keep their own colours where they can: $numbers', one => {
  expect(coloursOf(one.numbers.map(number => ({ number })))).toEqual(one.colours);
});
