import type { Attempt } from '../../data/protocol';
import { setAttribute, setText, svg } from '../dom';
import { colourClass, latestPlace, nearest } from './curve';
import type { Figure } from './figure';
import type { Range } from './axis';

/** A label stands to the left of what it names where the chart ends sooner. */
const ATTEMPT_ROOM_PX = 64;

/** What moves on top of a chart: the dots at the ends of live lines, the crosshair, and the part that is being chosen. */
export class Overlay {
  readonly element = svg('svg', { class: 'cellrun-overlay', 'aria-hidden': 'true' });
  private readonly cursor = svg('line', { class: 'cellrun-cursor' });
  private readonly label = svg('text', { class: 'cellrun-cursor-label' });
  private readonly brush = svg('rect', { class: 'cellrun-brush', visibility: 'hidden' });
  private readonly dots: SVGCircleElement[] = [];
  private readonly attempts = svg('g', {});

  constructor() {
    this.element.append(this.attempts, this.brush, this.cursor, this.label);
  }

  /** Mark `pointed` (an x) on all curves; without it, and if `live`, their last points. */
  draw(figure: Figure, pointed: number | null, live: boolean): void {
    setAttribute(this.element, 'viewBox', `0 0 ${figure.width} ${figure.height}`);
    const at = figure.curves.map(curve =>
      pointed !== null ? nearest(curve, pointed) : live || curve.y.length === 1 ? latestPlace(curve) : -1,
    );
    this.drawDots(figure, at);
    // Where the first curve that reaches so far has its point: of several runs the first may have ended early.
    const xs = figure.curves.map((curve, i) => curve.x[at[i] ?? -1] ?? NaN).filter(Number.isFinite);
    const x = pointed === null ? NaN : xs.reduce((best, one) => (near(one, best, pointed) ? one : best), NaN);
    this.drawCursor(figure, x);
  }

  /** Mark where the run was started again; what doesn't begin in the part that is shown is left out. */
  mark(figure: Figure, attempts: readonly Attempt[], say: (number: number) => string): void {
    this.attempts.replaceChildren(
      ...attempts
        .filter(([, x]) => figure.x.shows(x))
        .flatMap(([number, x]) => {
          const left = figure.x.place(x);
          const isAtEnd = figure.width - left < ATTEMPT_ROOM_PX;
          const line = svg('line', {
            class: 'cellrun-attempt',
            x1: left,
            x2: left,
            y1: figure.y.end,
            y2: figure.y.start,
          });
          const label = svg('text', {
            class: 'cellrun-attempt-label',
            x: isAtEnd ? left - 4 : left + 4,
            y: figure.y.end + 9,
          });
          if (isAtEnd) label.setAttribute('text-anchor', 'end');
          setText(label, say(number));
          return [line, label];
        }),
    );
  }

  /** Mark a part of x that is being chosen; null for none. */
  choose(figure: Figure, part: Range | null): void {
    setAttribute(this.brush, 'visibility', part ? null : 'hidden');
    if (!part) return;
    const [from, to] = part.map(value => figure.x.place(value));
    this.brush.setAttribute('x', String(from));
    this.brush.setAttribute('width', String(Math.max(0, (to ?? 0) - (from ?? 0))));
    this.brush.setAttribute('y', String(figure.y.end));
    this.brush.setAttribute('height', String(figure.y.start - figure.y.end));
  }

  private drawDots(figure: Figure, at: readonly number[]): void {
    while (this.dots.length < figure.curves.length) {
      const dot = svg('circle', { r: 3.2 });
      this.dots.push(dot);
      this.element.append(dot);
    }
    this.dots.forEach((dot, i) => {
      const curve = figure.curves[i];
      const x = curve?.x[at[i] ?? -1] ?? NaN;
      const y = curve?.y[at[i] ?? -1] ?? NaN;
      const [left, top] = [figure.x.place(x), figure.y.place(y)];
      const shown = figure.x.shows(x) && Number.isFinite(top);
      setAttribute(dot, 'class', `cellrun-dot ${colourClass(curve, i)}`);
      setAttribute(dot, 'visibility', shown ? null : 'hidden');
      if (shown) place(dot, left, top);
    });
  }

  private drawCursor(figure: Figure, x: number): void {
    const shown = figure.x.shows(x);
    for (const element of [this.cursor, this.label])
      setAttribute(element, 'visibility', shown ? null : 'hidden');
    if (!shown) return;
    const pixel = figure.x.place(x);
    for (const end of ['x1', 'x2']) this.cursor.setAttribute(end, String(pixel));
    this.cursor.setAttribute('y1', String(figure.y.end));
    this.cursor.setAttribute('y2', String(figure.y.start));
    setText(this.label, figure.sayX(x));
    const room = 24; // half a label: at the chart's edges it stays inside
    this.label.setAttribute('x', String(Math.min(Math.max(pixel, room), figure.width - room)));
    this.label.setAttribute('y', String(figure.height - 6));
  }
}

function place(dot: SVGCircleElement, x: number, y: number): void {
  dot.setAttribute('cx', x.toFixed(1));
  dot.setAttribute('cy', y.toFixed(1));
}

function near(one: number, best: number, pointed: number): boolean {
  return Number.isNaN(best) || Math.abs(one - pointed) < Math.abs(best - pointed);
}
