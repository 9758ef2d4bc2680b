/** An axis of a chart: from values to pixels, and the ranges that can be drawn. */

/** From where to where, the first at most the second. */
export type Range = readonly [number, number];

/** An axis: values from `low` to `high` lie between the pixels `start` and `end`, evenly or, if `log`, by their logarithms. */
export class Axis {
  constructor(
    readonly low: number,
    readonly high: number,
    readonly start: number,
    readonly end: number,
    readonly log = false,
  ) {}

  /** The pixel of a value; NaN for one that a logarithmic axis has no place for. */
  place(value: number): number {
    const [low, high, at] = this.log
      ? [Math.log10(this.low), Math.log10(this.high), value > 0 ? Math.log10(value) : NaN]
      : [this.low, this.high, value];
    return this.start + ((at - low) / (high - low)) * (this.end - this.start);
  }

  /** The value at a pixel of an even axis. */
  value(pixel: number): number {
    return this.low + ((pixel - this.start) / (this.end - this.start)) * (this.high - this.low);
  }

  /** Whether a value is between the axis' ends. */
  shows(value: number): boolean {
    return value >= this.low && value <= this.high;
  }
}

/** Values beyond are as good as infinite: the difference of two of them may be no number. */
const LARGEST = Number.MAX_VALUE / 4;

/** The least and the greatest value that can be drawn of some columns; null if there is none. */
export function extent(columns: Iterable<Float64Array>): Range | null {
  let low = Infinity;
  let high = -Infinity;
  for (const column of columns) {
    for (const value of column) {
      if (value < low && value >= -LARGEST) low = value;
      if (value > high && value <= LARGEST) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}

/** A range that can be drawn: one value alone gets room around it, several get a little (`margin`, a share). */
export function drawable(found: Range | null, margin: number): Range {
  if (!found) return [0, 1];
  const [low, high] = found;
  const span = high - low;
  if (span > Math.abs(high + low) * 1e-12) return [low - margin * span, high + margin * span];
  const around = low === 0 ? 1.2 : Math.abs(low) * 0.6;
  return [low - around, high + around];
}

/** The same for a logarithmic axis, of values above 0. */
export function drawableLog(found: Range | null): Range {
  if (!found || found[0] <= 0) return [0.1, 1];
  const [low, high] = drawable([Math.log10(found[0]), Math.log10(found[1])], 0.06);
  return [10 ** low, 10 ** high];
}
