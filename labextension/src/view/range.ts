/** Values beyond are as good as infinite: the difference of two of them may be no number. */
const LARGEST = Number.MAX_VALUE / 4;

/** The least and the greatest value that can be drawn of some columns; null if there is none. */
export function extent(columns: Iterable<Float64Array>): readonly [number, number] | null {
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
export function drawable(found: readonly [number, number] | null, margin: number): readonly [number, number] {
  if (!found) return [0, 1];
  const [low, high] = found;
  const span = high - low;
  if (span > Math.abs(high + low) * 1e-12) return [low - margin * span, high + margin * span];
  const around = low === 0 ? 1.2 : Math.abs(low) * 0.6;
  return [low - around, high + around];
}
