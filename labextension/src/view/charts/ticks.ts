/** Where grid lines are, on linear, logarithmic and time axes. */

/** Where the grid lines of an axis are, and how far apart. */
export interface Ticks {
  readonly values: readonly number[];
  readonly step: number;
}

export const NO_TICKS: Ticks = { values: [], step: 1 };

/** Steps that are round, from the largest: at powers of ten, a half and a fifth of them. */
const ROUND = [10, 5, 2, 1, 0.5, 0.2, 0.1];

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds apart that a clock's reader finds round. */
const ROUND_S = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map(minutes => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map(hours => hours * HOUR),
  ...[1, 2, 7, 14, 28].map(days => days * DAY),
];

/**
 * A few round numbers between two, `most` steps from one another at the most.
 *
 * Two of them at least, since one alone tells no scale, unless they have to be `whole`.
 */
export function ticks(low: number, high: number, most: number, whole = false): Ticks {
  const rough = (high - low) / most;
  if (!(rough > 0) || !Number.isFinite(rough)) return NO_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const steps = ROUND.map(factor => (whole ? Math.max(1, factor * power) : factor * power));
  const least = steps.findLastIndex(step => step >= rough * (1 - 1e-9));
  const found = steps.slice(least).map(step => multiples(low, high, step));
  return found.find(({ values }) => values.length > 1) ?? found[0] ?? NO_TICKS;
}

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

/** A few round times between two (seconds), `most` steps at the most. */
export function timeTicks(low: number, high: number, most: number): Ticks {
  const step = ROUND_S.find(seconds => seconds >= (high - low) / most);
  if (step === undefined || high - low < 2) return ticks(low, high, most);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return { values: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step), step };
}

function multiples(low: number, high: number, step: number): Ticks {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const values = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => round((first + i) * step));
  return { values, step };
}

/** A number without the noise of a multiplication: 0.3, not 0.30000000000000004. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
