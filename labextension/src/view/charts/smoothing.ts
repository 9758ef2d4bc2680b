/**
 * A curve's values, smoothed: an exponential moving average without the bias of its first value, as TensorBoard's.
 *
 * `weight`: 0 (as they are) to below 1. Values that aren't finite stay, and don't enter the average.
 */
export function smoothed(values: Float64Array, weight: number): Float64Array {
  const smooth = new Float64Array(values.length);
  let average = 0;
  let debias = 1;
  values.forEach((value, i) => {
    if (Number.isFinite(value)) {
      average = average * weight + (1 - weight) * value;
      debias *= weight;
      smooth[i] = average / (1 - debias);
    } else {
      smooth[i] = value;
    }
  });
  return smooth;
}
