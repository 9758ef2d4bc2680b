/** One line of a chart: made of a metric, its colour, its points. */

import type { Metric } from '../../data/metric';
import type { Attempt } from '../../data/protocol';
import type { Series } from '../../data/series';

/** One line of a chart. NaN is a gap. */
export interface Curve {
  readonly name: string;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Its latest value, where one was told: at its end there is a gap if its process is behind the others. */
  readonly latest?: number;
  /** Its colour's number, from 0; its place among the curves where none is given. Beyond the palette, lines are dashed. */
  readonly colour?: number;
}

/** Colours of the palette (`--cellrun-series-1` …); beyond, lines are told apart by their dashes. */
export const PALETTE = 6;

/** The class that gives an element the colour of the curve at a place. */
export function colourClass(curve: { readonly colour?: number } | undefined, place: number): string {
  return `cellrun-s${((curve?.colour ?? place) % PALETTE) + 1}`;
}

/**
 * The curves of a metric over a column; without one, points stand at their positions.
 *
 * Not a method of Metric, which is loaded where nothing is drawn: JupyterLab starts with it.
 */
export function curvesOf(metric: Metric, { x, lines }: Pick<Series, 'x' | 'lines'>): Curve[] {
  const places =
    metric.column(x ?? '')?.numbers.values ?? Float64Array.from({ length: metric.length }, (_, i) => i);
  const breaks = metric.attempts.length > 0 ? breaksOf(metric.attempts, places) : [];
  return lines.map(name => {
    const column = metric.column(name);
    const y = column?.numbers.values ?? new Float64Array();
    const latest = typeof column?.last === 'number' ? { latest: column.last } : {};
    return { name, x: withGaps(places, breaks), y: withGaps(y, breaks), ...latest };
  });
}

/** The places of the points at which another start of the run begins: no line leads there. */
function breaksOf(attempts: readonly Attempt[], x: Float64Array): number[] {
  const places = [...x.keys()].slice(1);
  const turns = places.filter(i => (x[i] ?? NaN) < (x[i - 1] ?? NaN));
  if (turns.length > 0) return turns.length <= attempts.length ? turns : [];
  return places.filter(i => attempts.some(([, from]) => (x[i - 1] ?? NaN) < from && from <= (x[i] ?? NaN)));
}

/** Values with a gap before each of these places; the same ones if there is none. */
function withGaps(values: Float64Array, breaks: readonly number[]): Float64Array {
  if (breaks.length === 0) return values;
  const all = new Float64Array(values.length + breaks.length);
  [0, ...breaks].forEach((from, i) => {
    all.set(values.subarray(from, breaks[i]), from + i);
    if (i < breaks.length) all[(breaks[i] ?? 0) + i] = NaN;
  });
  return all;
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
