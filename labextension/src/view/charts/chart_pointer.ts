/** The pointer on a chart: hovering, dragging, double clicks. */

import type { Figure } from './figure';
import type { Range } from './axis';

/** What a reader does with a chart. */
export interface ChartGestures {
  /** Look at a place, or at none. */
  point(x: number | null): void;
  /** Show the part that is being chosen; null when that ended. */
  choosing(part: Range | null): void;
  /** Zoom to a part of x, or back out. */
  zoom(part: Range | null): void;
}

/** A drag shorter than this is a click. */
const LEAST_DRAG_PX = 5;

/** Hovering marks a place, dragging zooms into what was dragged over, a double click zooms out. */
export class ChartPointer {
  private from: number | null = null;

  constructor(
    private readonly area: HTMLElement,
    private readonly figure: () => Figure | null,
    private readonly gestures: ChartGestures,
  ) {
    area.addEventListener('pointermove', event => this.move(event));
    area.addEventListener('pointerleave', () => gestures.point(null));
    area.addEventListener('pointerdown', event => this.press(event));
    area.addEventListener('pointerup', event => this.release(event));
    area.addEventListener('pointercancel', () => this.end());
    area.addEventListener('dblclick', () => gestures.zoom(null));
  }

  private move(event: PointerEvent): void {
    const x = this.xAt(event);
    this.gestures.point(x);
    const part = this.part(event);
    if (part) this.gestures.choosing(part);
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0 || event.pointerType === 'touch') return; // a finger scrolls
    this.from = this.place(event);
    this.area.setPointerCapture(event.pointerId);
  }

  private release(event: PointerEvent): void {
    const part = this.part(event);
    this.end();
    if (part) this.gestures.zoom(part);
  }

  private end(): void {
    this.from = null;
    this.gestures.choosing(null);
  }

  /** What was dragged over so far; null if that is nothing. */
  private part(event: PointerEvent): Range | null {
    const figure = this.figure();
    const to = this.place(event);
    if (!figure || this.from === null || Math.abs(to - this.from) < LEAST_DRAG_PX) return null;
    const { x } = figure;
    const [low = 0, high = 0] = [this.from, to]
      .map(pixel => Math.min(Math.max(x.value(pixel), x.low), x.high))
      .sort((a, b) => a - b);
    return high > low ? [low, high] : null;
  }

  private xAt(event: PointerEvent): number | null {
    return this.figure()?.x.value(this.place(event)) ?? null;
  }

  private place(event: PointerEvent): number {
    return event.clientX - this.area.getBoundingClientRect().left;
  }
}
