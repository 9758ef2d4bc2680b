import type { Metric } from '../data/metric';
import type { Series } from '../data/series';
import { Axis } from './axis';
import type { Format } from './format';
import { drawable, extent } from './range';
import { NO_TICKS, ticks, type Ticks } from './ticks';

/** One line of a chart. NaN is a gap. */
export interface Curve {
  readonly name: string;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** All that is drawn of a chart: its curves, where they lie, and the grid. */
export interface Figure {
  readonly width: number;
  readonly height: number;
  readonly curves: readonly Curve[];
  readonly x: Axis;
  readonly y: Axis;
  readonly xTicks: Ticks;
  readonly yTicks: Ticks;
}

const MARGIN = { right: 10, top: 8, bottom: 20 };
const LABEL_CHARACTER_PX = 6;
/** The left margin grows in steps, so that a longer label seldom moves the chart. */
const LEFT_STEP_PX = 12;
const LEAST_LEFT_PX = 34;

/** The curves of a metric. Without an x column, points stand at their positions. */
export function curvesOf(metric: Metric, series: Series): Curve[] {
  const x =
    metric.column(series.x ?? '')?.numbers.values ??
    Float64Array.from({ length: metric.length }, (_, i) => i);
  return series.lines.map(name => ({
    name,
    x,
    y: metric.column(name)?.numbers.values ?? new Float64Array(),
  }));
}

/** Lay out a chart of `width` × `height` pixels. `counted`: x is a whole number. */
export function layOut(
  curves: readonly Curve[],
  size: { width: number; height: number },
  format: Format,
  counted: boolean,
): Figure {
  const { width, height } = size;
  const [xLow, xHigh] = drawable(extent(curves.slice(0, 1).map(curve => curve.x)), 0);
  const ys = extent(curves.map(curve => curve.y));
  const [yLow, yHigh] = drawable(ys, 0.06);
  const yTicks = ys ? ticks(yLow, yHigh, Math.max(2.5, height / 56)) : NO_TICKS; // of NaN alone there is no scale
  const labels = yTicks.values.map(value => format.tick(value, yTicks.step).length);
  const longest = Math.max(0, ...labels) * LABEL_CHARACTER_PX + 10;
  const left = Math.max(LEAST_LEFT_PX, Math.ceil(longest / LEFT_STEP_PX) * LEFT_STEP_PX);
  const x = new Axis(xLow, xHigh, left, width - MARGIN.right);
  const y = new Axis(yLow, yHigh, height - MARGIN.bottom, MARGIN.top);
  const xTicks = ticks(xLow, xHigh, Math.max(2, (width - left) / 100), counted);
  return { width, height, curves, x, y, xTicks, yTicks };
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
