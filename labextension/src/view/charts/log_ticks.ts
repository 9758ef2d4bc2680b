import { ticks, type Ticks } from './ticks';

/** Grid lines of a logarithmic axis: powers of ten (no step: 0) where there are two or more, else round numbers. */
export function logTicks(low: number, high: number, most: number): Ticks {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  if (last - first < 1) return ticks(low, high, most);
  const apart = Math.ceil((last - first + 1) / Math.max(2, most));
  const values: number[] = [];
  for (let power = first; power <= last; power += apart) values.push(10 ** power);
  return { values, step: 0 };
}
