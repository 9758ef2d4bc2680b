import type { MetricCurve } from '../../data/metric';

/** One line of a chart. */
export interface Curve extends MetricCurve {
  /** Its colour's number, from 0; its place among the curves where none is given. Beyond the palette, lines are dashed. */
  readonly colour?: number;
}

/** Colours of the palette (`--cellrun-series-1` …); beyond, lines are told apart by their dashes. */
export const PALETTE = 6;

/** The class that gives an element the colour of the curve at a place. */
export function colourClass(curve: { readonly colour?: number } | undefined, place: number): string {
  return `cellrun-s${((curve?.colour ?? place) % PALETTE) + 1}`;
}

/** The position of a curve's latest point: its end, or before the gap there; -1 if it has none. */
export function latestPlace({ y, latest = NaN }: Curve): number {
  let at = y.length - 1;
  if (Number.isFinite(latest)) while (at > 0 && Number.isNaN(y[at])) at--;
  return at;
}

/** The position of the point whose x is nearest; -1 if there is none. */
export function nearest(curve: Curve, x: number): number {
  let best = -1;
  let distance = Infinity;
  for (let i = 0; i < curve.x.length; i++) {
    const away = Math.abs((curve.x[i] ?? NaN) - x);
    if (away < distance) {
      distance = away;
      best = i;
    }
  }
  return best;
}

/** Whether a curve has points that no line shows: with a gap, or nothing, on either side. */
export function hasLonePoints(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]) && !Number.isFinite(values[i - 1]) && !Number.isFinite(values[i + 1]))
      return true;
  }
  return false;
}
