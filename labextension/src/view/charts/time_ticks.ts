import { ticks, type Ticks } from './ticks';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds apart that a clock's reader finds round. */
const ROUND = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map(minutes => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map(hours => hours * HOUR),
  ...[1, 2, 7, 14, 28].map(days => days * DAY),
];

/** A few round times between two (seconds), `most` steps at the most. */
export function timeTicks(low: number, high: number, most: number): Ticks {
  const step = ROUND.find(seconds => seconds >= (high - low) / most);
  if (step === undefined || high - low < 2) return ticks(low, high, most);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return { values: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step), step };
}
