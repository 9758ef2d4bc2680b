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
