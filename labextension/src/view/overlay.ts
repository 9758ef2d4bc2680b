import { setAttribute, setText, svg } from './dom';
import { nearest, type Figure } from './figure';
import type { Format } from './format';

/** What moves on top of a chart: the dots at the ends of live lines, and the crosshair. */
export class Overlay {
  readonly element = svg('svg', { class: 'cellrun-overlay', 'aria-hidden': 'true' });
  private readonly cursor = svg('line', { class: 'cellrun-cursor' });
  private readonly label = svg('text', { class: 'cellrun-cursor-label' });
  private readonly dots: SVGCircleElement[] = [];

  constructor(private readonly format: Format) {
    this.element.append(this.cursor, this.label);
  }

  /** Mark `pointed` (an x) on all curves; without it, and if `live`, their last points. */
  draw(figure: Figure, pointed: number | null, live: boolean): void {
    setAttribute(this.element, 'viewBox', `0 0 ${figure.width} ${figure.height}`);
    const at = figure.curves.map(curve =>
      pointed !== null ? nearest(curve, pointed) : live || curve.y.length === 1 ? curve.y.length - 1 : -1,
    );
    this.drawDots(figure, at);
    const first = figure.curves[0];
    const x = pointed !== null && first ? first.x[at[0] ?? -1] : undefined;
    this.drawCursor(figure, x);
  }

  private drawDots(figure: Figure, at: readonly number[]): void {
    while (this.dots.length < figure.curves.length) {
      const dot = svg('circle', { r: 3.2, class: `cellrun-dot cellrun-s${(this.dots.length % 6) + 1}` });
      this.dots.push(dot);
      this.element.append(dot);
    }
    this.dots.forEach((dot, i) => {
      const curve = figure.curves[i];
      const x = curve?.x[at[i] ?? -1] ?? NaN;
      const y = curve?.y[at[i] ?? -1] ?? NaN;
      const shown = Number.isFinite(x) && Number.isFinite(y);
      setAttribute(dot, 'visibility', shown ? null : 'hidden');
      if (shown) place(dot, figure.x.place(x), figure.y.place(y));
    });
  }

  private drawCursor(figure: Figure, x: number | undefined): void {
    const shown = x !== undefined && Number.isFinite(x);
    for (const element of [this.cursor, this.label])
      setAttribute(element, 'visibility', shown ? null : 'hidden');
    if (!shown) return;
    const pixel = figure.x.place(x);
    for (const end of ['x1', 'x2']) this.cursor.setAttribute(end, String(pixel));
    this.cursor.setAttribute('y1', String(figure.y.end));
    this.cursor.setAttribute('y2', String(figure.y.start));
    setText(this.label, this.format.number(x));
    const room = 24; // half a label: at the chart's edges it stays inside
    this.label.setAttribute('x', String(Math.min(Math.max(pixel, room), figure.width - room)));
    this.label.setAttribute('y', String(figure.height - 6));
  }
}

function place(dot: SVGCircleElement, x: number, y: number): void {
  dot.setAttribute('cx', x.toFixed(1));
  dot.setAttribute('cy', y.toFixed(1));
}
