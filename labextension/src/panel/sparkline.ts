import { svg } from '../view/dom';

const WIDTH = 64;
const HEIGHT = 18;
/** Room for half the line's width. */
const EDGE = 1.5;
/** The highest value of a course. */
const TOP = 255;

/** The course of a metric as a small line, in a run's colour. */
export class Sparkline {
  private readonly line = svg('path', {
    fill: 'none',
    'stroke-width': 1.5,
    'stroke-linejoin': 'round',
    'vector-effect': 'non-scaling-stroke',
  });
  readonly element = svg(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      width: '100%',
      height: HEIGHT,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    },
    this.line,
  );
  private shown: readonly (number | null)[] = [];

  /** `points`: 0 lowest to 255 highest, null a gap. `colour`: its number, from 0. */
  draw(points: readonly (number | null)[], colour: number): void {
    this.line.style.stroke = `var(--cellrun-series-${colour + 1})`;
    if (points === this.shown) return;
    this.shown = points;
    this.line.setAttribute('d', sparklinePath(points));
  }
}

/** The line through the points; a gap parts it, a point alone is a dot. */
export function sparklinePath(points: readonly (number | null)[]): string {
  const x = (i: number): string =>
    (EDGE + (i / Math.max(1, points.length - 1)) * (WIDTH - 2 * EDGE)).toFixed(1);
  const y = (value: number): string => (HEIGHT - EDGE - (value / TOP) * (HEIGHT - 2 * EDGE)).toFixed(1);
  let path = '';
  points.forEach((value, i) => {
    if (value === null) return;
    const [before, after] = [points[i - 1] ?? null, points[i + 1] ?? null];
    path += `${before === null ? 'M' : 'L'}${x(i)} ${y(value)}`;
    if (before === null && after === null) path += 'h.01';
  });
  return path;
}
