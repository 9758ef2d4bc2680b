import type { Metric } from '../data/metric';
import { hasIndex, type Series } from '../data/series';
import type { Context } from './context';
import type { Crosshair } from './crosshair';
import { h, setAttribute, setText } from './dom';
import { curvesOf, layOut, nearest, type Figure } from './figure';
import { Legend } from './legend';
import { Overlay } from './overlay';
import { Plot } from './plot';
import { fill } from './words';

/** A metric's chart: name at the left, latest value at the right, the curve below. */
export class ChartCard {
  readonly element: HTMLElement;
  private readonly name = h('b');
  private readonly subtitle = h('span', { class: 'cellrun-muted' });
  private readonly legend = new Legend();
  private readonly plot = new Plot();
  private readonly overlay: Overlay;
  private readonly area: HTMLElement;
  private readonly observer: ResizeObserver;
  private shown: { metric: Metric; series: Series } | null = null;
  private figure: Figure | null = null;
  private pointed: number | null = null;
  private live = false;
  private leave: () => void = () => undefined;

  /** `resized` is called when the chart has to be drawn anew, once it is in sight. */
  constructor(
    name: string,
    private readonly crosshair: Crosshair,
    private readonly context: Context,
    resized: () => void,
  ) {
    setText(this.name, name); // before it is drawn
    this.overlay = new Overlay(context.format);
    this.area = h('div', { class: 'cellrun-plot-area' }, this.plot.element, this.overlay.element);
    const title = h('div', { class: 'cellrun-card-title' }, h('span', {}, this.name, ' ', this.subtitle));
    title.append(this.legend.element);
    this.element = h('div', { class: 'cellrun-card', role: 'group', tabindex: 0 }, title, this.area);
    this.element.setAttribute('aria-roledescription', context.words.chart);
    this.listen();
    this.observer = new ResizeObserver(resized);
    this.observer.observe(this.area);
  }

  /** Show the metric as it is now. `live`: more may come. */
  update(metric: Metric, series: Series, live: boolean): void {
    if (series.x !== this.shown?.series.x) this.join(series.x ?? '');
    this.shown = { metric, series };
    this.live = live;
    setText(this.subtitle, series.subtitle);
    setAttribute(this.element, 'title', `${series.title} ${series.subtitle}`.trim());
    this.draw();
  }

  dispose(): void {
    this.leave();
    this.observer.disconnect();
    this.plot.dispose();
    this.element.remove();
  }

  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this.area;
    if (!this.shown || width === 0 || height === 0) return;
    const { metric, series } = this.shown;
    this.figure = layOut(curvesOf(metric, series), { width, height }, this.context.format, hasIndex(metric));
    this.plot.draw(this.figure, this.context.format);
    this.mark();
  }

  /** What can be pointed at, or is the latest, in the title and on the curve. */
  private mark(): void {
    if (!this.figure) return;
    const { curves } = this.figure;
    this.overlay.draw(this.figure, this.pointed, this.live);
    const { format } = this.context;
    const values = curves.map(({ y, ...curve }) => {
      const at = this.pointed === null ? y.length - 1 : nearest({ y, ...curve }, this.pointed);
      return { name: curve.name, text: format.number(y[at] ?? NaN, isWhole(y)) };
    });
    this.legend.update(values);
    if (this.pointed === null) this.describe(values);
  }

  /** Say in words what the chart shows. */
  private describe(values: readonly { name: string; text: string }[]): void {
    if (!this.shown) return;
    const { metric, series } = this.shown;
    const { format, words } = this.context;
    const name = [series.title, series.subtitle].filter(Boolean).join(' ');
    const latest = values
      .map(value => (values.length > 1 ? `${value.name} ${value.text}` : value.text))
      .join(', ');
    const summary = fill(words.chartSummary, { name, rows: format.count(metric.rows), latest });
    setAttribute(this.element, 'aria-label', summary);
  }

  private join(x: string): void {
    this.leave();
    this.leave = this.crosshair.join(x, pointed => {
      this.pointed = pointed;
      this.mark();
    });
  }

  private point(value: number | null): void {
    this.crosshair.point(this.shown?.series.x ?? '', value);
  }

  private listen(): void {
    this.area.addEventListener('pointermove', event =>
      this.point(this.figure?.x.value(event.clientX - this.area.getBoundingClientRect().left) ?? null),
    );
    this.area.addEventListener('pointerleave', () => this.point(null));
    this.element.addEventListener('blur', () => this.point(null));
    this.element.addEventListener('keydown', event => {
      if (this.key(event.key)) event.preventDefault();
    });
  }

  /** Arrows move the crosshair from point to point. False for a key that means nothing here. */
  private key(key: string): boolean {
    const curve = this.figure?.curves[0];
    if (!curve || curve.x.length === 0) return false;
    const last = curve.x.length - 1;
    const at = this.pointed === null ? last + 1 : nearest(curve, this.pointed);
    const to = new Map([
      ['ArrowLeft', at - 1],
      ['ArrowRight', at + 1],
      ['Home', 0],
      ['End', last],
    ]).get(key);
    if (key === 'Escape') this.point(null);
    else if (to === undefined) return false;
    else this.point(curve.x[Math.min(Math.max(to, 0), last)] ?? null);
    return true;
  }
}

/** Whether a line has whole numbers only. */
function isWhole(values: Float64Array): boolean {
  return values.every(value => Number.isInteger(value) || !Number.isFinite(value));
}
