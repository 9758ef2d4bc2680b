/** A linear axis: values from `low` to `high` lie between the pixels `start` and `end`. */
export class Axis {
  constructor(
    readonly low: number,
    readonly high: number,
    readonly start: number,
    readonly end: number,
  ) {}

  /** The pixel of a value. */
  place(value: number): number {
    return this.start + ((value - this.low) / (this.high - this.low)) * (this.end - this.start);
  }

  /** The value at a pixel. */
  value(pixel: number): number {
    return this.low + ((pixel - this.start) / (this.end - this.start)) * (this.high - this.low);
  }
}
