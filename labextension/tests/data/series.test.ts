import { expect, test } from 'vitest';
import fixture from '../../../tests/data/series.json';
import { series, type MetricShape } from '../../src/data/series';

test.each(fixture.cases)('$title', ({ metric, series: expected }) => {
  expect(series(metric as MetricShape)).toEqual(expected);
});
