/** Float64 values that grow at their end, where they are also replaced. */
export class Numbers {
  private store = new Float64Array(64);
  private used = 0;

  get length(): number {
    return this.used;
  }

  /** The values, without a copy: valid until the next change. */
  get values(): Float64Array {
    return this.store.subarray(0, this.used);
  }

  /** Replace everything from position `at` on. */
  replace(at: number, values: Float64Array): void {
    const length = at + values.length;
    if (length > this.store.length) {
      const larger = new Float64Array(Math.max(length, 2 * this.store.length));
      larger.set(this.store.subarray(0, at));
      this.store = larger;
    }
    this.store.set(values, at);
    this.used = length;
  }
}
