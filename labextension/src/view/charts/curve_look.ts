/** Curves as a reader wants them: smoothed, on a logarithmic axis. */

import type { ChartOptions } from './chart_options';
import type { Curve } from './curve';

/** Curves as a reader wants them drawn. */
export interface CurveLook {
  readonly curves: readonly Curve[];
  /** The same as they were logged, to be drawn pale behind; none where that is what `curves` are. */
  readonly pale: readonly Curve[];
  /** Whether y is logarithmic: wished for, and there is a value above 0. */
  readonly log: boolean;
  /** How many values a logarithmic axis has no place for. */
  readonly left: number;
}

/** Smooth curves, and leave gaps where a logarithmic axis has no place for them. */
export function look(
  logged: readonly Curve[],
  { smoothing, log }: Pick<ChartOptions, 'smoothing' | 'log'>,
): CurveLook {
  const isSmooth = smoothing > 0;
  const curves = isSmooth ? logged.map(curve => ({ ...curve, y: smoothed(curve.y, smoothing) })) : logged;
  const asLogged = isSmooth ? logged : [];
  if (!log || !logged.some(({ y }) => y.some(value => value > 0)))
    return { curves, pale: asLogged, log: false, left: 0 };
  const left = logged.reduce((sum, { y }) => sum + y.filter(value => value <= 0).length, 0);
  return { curves: curves.map(positive), pale: asLogged.map(positive), log, left };
}

/** A curve with gaps where it isn't above 0. */
function positive(curve: Curve): Curve {
  return { ...curve, y: curve.y.map(value => (value > 0 ? value : NaN)), latest: NaN };
}

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
