/** The layout of a chart: what is drawn where, before anything draws it. */

import { Axis, drawable, drawableLog, extent, type Range } from './axis';
import type { Curve } from './curve';
import { clock, type Format } from '../format';
import { logTicks, NO_TICKS, ticks, timeTicks, type Ticks } from './ticks';

/** What x is: a number, a count (a whole number), or seconds since the run began. */
export type XKind = 'number' | 'count' | 'time';

/** All that is drawn of a chart: its curves, those pale behind them, where they lie, and the grid. */
export interface Figure {
  readonly width: number;
  readonly height: number;
  readonly curves: readonly Curve[];
  readonly pale: readonly Curve[];
  readonly x: Axis;
  readonly y: Axis;
  readonly xTicks: Ticks;
  readonly yTicks: Ticks;
  /** Says a value of x in words. */
  readonly sayX: (value: number, step?: number) => string;
}

/** How curves are laid out. `range`: the part of x that is shown, null for all of it. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly xKind: XKind;
  readonly log: boolean;
  readonly range: Range | null;
}

const MARGIN = { right: 10, top: 8, bottom: 20 };
const LABEL_CHARACTER_PX = 6;
/** The left margin grows in steps, so that a longer label seldom moves the chart. */
const LEFT_STEP_PX = 12;
const LEAST_LEFT_PX = 34;

/** Lay out a chart. `pale`: curves behind the others, as they were before they were smoothed. */
export function layOut(
  curves: readonly Curve[],
  pale: readonly Curve[],
  { width, height, xKind, log, range }: Layout,
  format: Format,
): Figure {
  const all = [...curves, ...pale];
  const [xLow, xHigh] = range ?? drawable(extent(all.map(curve => curve.x)), 0);
  const ys = extent(all.map(curve => (range ? within(curve, range) : curve.y)));
  const [yLow, yHigh] = log ? drawableLog(ys) : drawable(ys, 0.06);
  const most = Math.max(2.5, height / 56);
  const yTicks = !ys ? NO_TICKS : log ? logTicks(yLow, yHigh, most) : ticks(yLow, yHigh, most); // of NaN alone there is no scale
  const labels = yTicks.values.map(value => tickText(value, yTicks.step, format).length);
  const longest = Math.max(0, ...labels) * LABEL_CHARACTER_PX + 10;
  const left = Math.max(LEAST_LEFT_PX, Math.ceil(longest / LEFT_STEP_PX) * LEFT_STEP_PX);
  const x = new Axis(xLow, xHigh, left, width - MARGIN.right);
  const y = new Axis(yLow, yHigh, height - MARGIN.bottom, MARGIN.top, log);
  const mostX = Math.max(2, (width - left) / 100);
  const isTime = xKind === 'time';
  const xTicks = isTime ? timeTicks(xLow, xHigh, mostX) : ticks(xLow, xHigh, mostX, xKind === 'count');
  return {
    width,
    height,
    curves,
    pale,
    x,
    y,
    xTicks,
    yTicks,
    sayX: isTime ? sayTime(format) : sayNumber(format),
  };
}

/** The text beside a grid line; powers of ten (step 0) have as many digits as each needs. */
export function tickText(value: number, step: number, format: Format): string {
  return format.tick(value, step === 0 ? value : step);
}

function sayNumber(format: Format): Figure['sayX'] {
  return (value, step) => (step === undefined ? format.number(value) : format.tick(value, step));
}

function sayTime(format: Format): Figure['sayX'] {
  return (value, step) =>
    step !== undefined && step < 1
      ? `${format.tick(value, step)} s`
      : value < 0
        ? `−${clock(-value)}`
        : clock(value);
}

/** A curve's values in a part of x, and the ones beside it: a line goes there. */
function within({ x, y }: Curve, [from, to]: Range): Float64Array {
  return y.filter((_, i) => {
    const [before = NaN, at = NaN, after = NaN] = [x[i - 1], x[i], x[i + 1]];
    return (
      (at >= from && at <= to) ||
      (at < from && after > from && after <= to) ||
      (at > to && before < to && before >= from)
    );
  });
}
