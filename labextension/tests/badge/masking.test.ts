import { expect, test } from 'vitest';
import { masked } from '../../src/badge/masking';
import cases from '../../../tests/data/masked.json';

test.each(cases)('of %j is kept %j', (source, kept) => {
  expect(masked(source)).toBe(kept);
  expect(masked(kept)).toBe(kept);
});
