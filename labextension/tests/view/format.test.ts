import durations from '../../../tests/data/durations.json';
import { describe, expect, test } from 'vitest';
import type { Value } from '../../src/data/protocol';
import { Axis, drawable, extent } from '../../src/view/charts/axis';
import { clock, Format } from '../../src/view/format';
import { ticks } from '../../src/view/charts/ticks';
import { fill, wordsIn } from '../../src/view/words';

const english = new Format('en');

describe('numbers', () => {
  test.each([
    [0.9639, '0.9639'],
    [-0.544, '−0.5440'],
    [1.031, '1.0310'],
    [12.3456, '12.346'],
    [1234.5678, '1,234.6'],
    [99999.5, '100,000'],
    [0.0123, '0.01230'],
    [0.00012, '0.0001200'],
    [2.4374e-8, '2.4374e−8'],
    [-1.5e12, '−1,500,000,000,000'],
    [1.23456e20, '1.2346e20'],
    [57, '57'],
    [1437, '1,437'],
    [0, '0'],
    [-0, '0'],
    [NaN, 'NaN'],
    [Infinity, '∞'],
    [-Infinity, '−∞'],
  ])('%d is %s', (value, expected) => {
    expect(english.number(value)).toBe(expected);
  });

  test('those of one line have one number of digits, whole or not', () => {
    expect([0.5, 1, 2.25].map(value => english.number(value, false))).toEqual(['0.5000', '1.0000', '2.2500']);
    expect(english.number(0, false)).toBe('0.0000');
  });

  test.each([
    [1.2345e-5, ['1.2345e−5', '1.234e−5', '1.23e−5', '1.2e−5', '1e−5']],
    [0.1307, ['0.1307', '0.131', '0.13', '0.1']],
    [1234.5678, ['1,234.6', '1,235', '1e3']],
    [123_456_789, ['123,456,789', '1.2346e8', '1.235e8', '1.23e8', '1.2e8', '1e8']],
    [0, ['0']],
    [NaN, ['NaN']],
    ['a text', ['a text']],
    [{ int: '123456789012345678901' }, ['123,456,789,012,345,678,901', '1.2346e20', '1.235e20']],
  ])('%j with less and less room is %j', (value, expected) => {
    const texts = english.shorter(value);
    const widths = texts.map(text => text.length);
    const ever = texts.filter((_, i) => widths.slice(0, i).every(before => before > (widths[i] ?? 0)));
    expect(ever.slice(0, expected.length)).toEqual(expected);
  });

  test('in the language of the page', () => {
    expect(new Format('de').number(1234.5)).toBe('1.234,5');
    expect(new Format('ja').number(1437)).toBe('1,437');
    expect(new Format('fr').count(1437)).toMatch(/^1\s437$/u);
  });
});

describe('logged values', () => {
  test.each<[Value, string]>([
    [{ int: '123456789012345678901' }, '123,456,789,012,345,678,901'],
    [{ float: 'NaN' }, 'NaN'],
    [{ float: '-Infinity' }, '−∞'],
    ['NaN', 'NaN'],
    ['<b>', '<b>'],
    [true, 'true'],
    [null, '–'],
    [57, '57'],
  ])('%j is %s', (value, expected) => {
    expect(english.value(value)).toBe(expected);
  });
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_250_000, '1.3 MB'],
  [9_990_000_000, '10.0 GB'],
  [3e15, '3,000.0 TB'],
])('%d bytes are %s', (size, expected) => {
  expect(english.bytes(size)).toBe(expected);
});

test.each(durations as [number, string][])('%d seconds are %s', (seconds, expected) => {
  expect(clock(seconds)).toBe(expected);
  expect(clock(-seconds)).toBe('00:00'); // of a clock that was set back
});

describe('grid lines', () => {
  test.each([
    [-1.1, 1.1, 2.5, [-1, 0, 1]],
    [0.09, 0.63, 2.5, [0.2, 0.4, 0.6]],
    [0, 59, 3, [0, 20, 40]],
    [0, 9.99, 3, [0, 5]],
    [1e-7, 3e-7, 3, [1e-7, 2e-7, 3e-7]],
    [995, 1005, 3, [995, 1000, 1005]],
    [0.1, 0.3, 3, [0.1, 0.2, 0.3]],
  ])('from %d to %d', (low, high, most, expected) => {
    expect(ticks(low, high, most).values).toEqual(expected);
  });

  test('of steps are whole', () => {
    expect(ticks(0, 1, 3, true).values).toEqual([0, 1]);
    expect(ticks(0, 4, 3, true).values).toEqual([0, 2, 4]);
  });

  test.each([
    [1, 1],
    [NaN, 1],
    [0, Infinity],
  ])('there are none from %d to %d', (low, high) => {
    expect(ticks(low, high, 3).values).toEqual([]);
  });

  test('have as many digits as tell them apart', () => {
    const labels = (low: number, high: number): string[] => {
      const { values, step } = ticks(low, high, 3);
      return values.map(value => english.tick(value, step));
    };
    expect(labels(0.4, 1)).toEqual(['0.4', '0.6', '0.8', '1.0']);
    expect(labels(-2000, 0)).toEqual(['−2,000', '−1,000', '0']);
    expect(labels(0, 3e7)).toEqual(['0', '10M', '20M', '30M']);
    expect(labels(0, 2e18)).toEqual(['0', '1.0e18', '2.0e18']);
    expect(labels(0, 3e-7)).toEqual(['0', '1e−7', '2e−7', '3e−7']);
  });
});

describe('ranges', () => {
  test('are of finite values', () => {
    expect(extent([Float64Array.of(NaN, 3, -Infinity, 1), Float64Array.of(Infinity, 2)])).toEqual([1, 3]);
    expect(extent([Float64Array.of(NaN, Infinity)])).toBeNull();
    expect(extent([])).toBeNull();
    expect(extent([Float64Array.of(-1.7e308, 1, 1.7e308, 2)])).toEqual([1, 2]); // their difference is infinite
  });

  test('can always be drawn', () => {
    expect(drawable(null, 0.1)).toEqual([0, 1]);
    expect(drawable([0, 0], 0.1)).toEqual([-1.2, 1.2]);
    expect(drawable([10, 10], 0.1)).toEqual([4, 16]);
    expect(drawable([0, 10], 0.1)).toEqual([-1, 11]);
    const [low, high] = drawable([1e300, 1e300], 0.1);
    expect(high).toBeGreaterThan(low);
  });

  test('a value and its pixel', () => {
    const axis = new Axis(0, 10, 100, 0);
    expect(axis.place(2.5)).toBe(75);
    expect(axis.value(75)).toBe(2.5);
  });
});

test('texts are filled in, and nothing in them is', () => {
  expect(fill('{a} and {b}, {c}', { a: '{b}', b: '2' })).toBe('{b} and 2, {c}');
});

test('every text is there in both languages', () => {
  const [english, japanese] = [wordsIn('en'), wordsIn('ja-JP')];
  expect(Object.keys(japanese)).toEqual(Object.keys(english));
  const names = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [key, text] of Object.entries(english)) {
    const other: unknown = japanese[key as keyof typeof japanese];
    if (typeof text === 'string') expect(names(String(other)), key).toEqual(names(text));
    expect(other, key).not.toEqual(text);
  }
  expect(wordsIn('xx')).toEqual(english);
});
