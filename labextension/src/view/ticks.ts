/** Where the grid lines of an axis are, and how far apart. */
export interface Ticks {
  readonly values: readonly number[];
  readonly step: number;
}

/** A few round numbers between two: steps of 1, 2 or 5 times a power of ten, `most` steps at the most. */
export function ticks(low: number, high: number, most: number, whole = false): Ticks {
  const rough = (high - low) / most;
  if (!(rough > 0) || !Number.isFinite(rough)) return { values: [], step: 1 };
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find(candidate => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  const step = whole ? Math.max(1, Math.round(factor * power)) : factor * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const values = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => round((first + i) * step));
  return { values, step };
}

/** A number without the noise of a multiplication: 0.3, not 0.30000000000000004. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
