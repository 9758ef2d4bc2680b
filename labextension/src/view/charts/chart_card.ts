import type { Attempt } from '../../data/protocol';
import { AS_LOGGED, type ChartOptions } from './chart_options';
import { ChartPointer } from './chart_pointer';
import type { Locale } from '../locale';
import type { Crosshair } from './crosshair';
import { latestPlace, nearest, type Curve } from './curve';
import { look } from './curve_look';
import { h, setAttribute, setText } from '../dom';
import { layOut, type Figure } from './figure';
import { Legend } from './legend';
import { Overlay } from './overlay';
import { setName } from '../name';
import { Plot } from './plot';
import { fill } from '../words';
import { Zoom, type ReadPart } from './zoom';

/** What a chart shows. */
export interface ChartContent {
  readonly title: string;
  readonly subtitle: string;
  /** Charts over the same x have one crosshair. */
  readonly x: string;
  readonly curves: readonly Curve[];
  /** Whether x is a whole number that nobody logged. */
  readonly counted: boolean;
  /** Whether x is seconds since the run began. */
  readonly isTime?: boolean;
  /** Where the run was started again by its engine, by x. */
  readonly attempts?: readonly Attempt[];
  /** Whether more may come. */
  readonly live: boolean;
  /** How many points were logged, of all curves; what is held may be fewer. */
  readonly rows: number;
  /** Reads the exact points of a part, where they can be read. */
  readonly read?: ReadPart | undefined;
}

/** A chart: name at the left, latest values at the right, the curves below. */
export class ChartCard {
  readonly element: HTMLElement;
  private readonly name = h('b', { class: 'cellrun-card-name' });
  private readonly subtitle = h('span', { class: 'cellrun-muted' });
  private readonly reset: HTMLButtonElement;
  private readonly legend = new Legend();
  private readonly plot = new Plot();
  private readonly overlay = new Overlay();
  private readonly area: HTMLElement;
  private readonly observer: ResizeObserver;
  private readonly zoom: Zoom;
  private options = AS_LOGGED;
  private content: ChartContent | null = null;
  private figure: Figure | null = null;
  /** The curves as they were logged, which is what is read; those drawn may be smoothed. */
  private logged: readonly Curve[] = [];
  private pointed: number | null = null;
  private leave: () => void = () => undefined;

  /** `changed` is called when the chart has to be drawn anew (`show`, `draw`), once it is in sight. */
  constructor(
    name: string,
    private readonly crosshair: Crosshair,
    private readonly locale: Locale,
    private readonly changed: () => void,
  ) {
    setName(this.name, name); // before it is drawn
    const { words } = locale;
    this.zoom = new Zoom(changed);
    this.reset = h(
      'button',
      { type: 'button', class: 'cellrun-link cellrun-reset', hidden: true },
      words.resetZoom,
    );
    this.reset.addEventListener('click', () => this.zoomOut());
    this.area = h('div', { class: 'cellrun-plot-area' }, this.plot.element, this.overlay.element);
    const named = h('span', { class: 'cellrun-card-names' }, this.name, ' ', this.subtitle);
    const title = h('div', { class: 'cellrun-card-title' }, named, this.reset, this.legend.element);
    this.element = h('div', { class: 'cellrun-card', role: 'group', tabindex: 0 }, title, this.area);
    this.element.setAttribute('aria-roledescription', words.chart);
    this.listen();
    this.observer = new ResizeObserver(changed);
    this.observer.observe(this.area);
  }

  /** Show this content now. */
  show(content: ChartContent): void {
    if (content.x !== this.content?.x) this.join(content.x);
    this.content = content;
    setAttribute(this.element, 'title', `${content.title} ${content.subtitle}`.trim());
    this.zoom.follow(content);
    this.draw();
  }

  /** Draw it as the reader wants charts. What it is over (`options.x`) is the matter of whoever makes its content. */
  setOptions(options: ChartOptions): void {
    if (options.x !== this.options.x && this.content) this.zoom.to(null, this.content);
    this.options = options;
    this.changed();
  }

  dispose(): void {
    this.leave();
    this.zoom.dispose();
    this.observer.disconnect();
    this.plot.dispose();
    this.element.remove();
  }

  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this.area;
    const { content, zoom } = this;
    if (!content || width === 0 || height === 0) return;
    this.logged = zoom.curves(content);
    const { curves, pale, log, left } = look(this.logged, this.options);
    const xKind = content.isTime ? 'time' : content.counted ? 'count' : 'number';
    const layout = { width, height, log, xKind, range: zoom.range } as const;
    this.figure = layOut(curves, pale, layout, this.locale.format);
    this.plot.draw(this.figure, this.locale.format);
    this.overlay.mark(this.figure, content.attempts ?? [], number =>
      fill(this.locale.words.attempt, { n: String(number) }),
    );
    this.say(content, left);
    this.mark();
  }

  /** Say what is to know of the curves besides their values. `left`: how many a logarithmic axis has no place for. */
  private say(content: ChartContent, left: number): void {
    const { words, format } = this.locale;
    const facts = [content.subtitle];
    if (this.options.log && !this.figure?.y.log) facts.push(words.noLogScale);
    else if (this.options.log && left > 0) facts.push(fill(words.leftOut, { n: format.count(left) }));
    if (this.zoom.problem !== null) facts.push(fill(words.notExact, { why: this.zoom.problem }));
    setText(this.subtitle, facts.filter(Boolean).join(' · '));
    this.reset.hidden = this.zoom.range === null;
  }

  /** What can be pointed at, or is the latest, in the title and on the curve. */
  private mark(): void {
    if (!this.figure) return;
    this.overlay.draw(this.figure, this.pointed, this.content?.live ?? false);
    const { format } = this.locale;
    const values = this.logged.map(curve => {
      const at = this.pointed === null ? latestPlace(curve) : nearest(curve, this.pointed);
      return { ...curve, text: format.number(curve.y[at] ?? NaN, isWhole(curve.y)) };
    });
    this.legend.update(values);
    if (this.pointed === null) this.describe(values);
  }

  /** Say in words what the chart shows. */
  private describe(values: readonly { name: string; text: string }[]): void {
    if (!this.content) return;
    const { title, subtitle, rows } = this.content;
    const { format, words } = this.locale;
    const name = [title, subtitle].filter(Boolean).join(' ');
    const latest = values
      .map(value => (values.length > 1 ? `${value.name} ${value.text}` : value.text))
      .join(', ');
    const summary = fill(words.chartSummary, { name, rows: format.count(rows), latest });
    setAttribute(this.element, 'aria-label', summary);
  }

  private join(x: string): void {
    this.leave();
    this.pointed = null;
    this.leave = this.crosshair.join(x, pointed => {
      this.pointed = pointed;
      this.mark();
    });
  }

  private point(value: number | null): void {
    this.crosshair.point(this.content?.x ?? '', value);
  }

  private zoomOut(): void {
    if (!this.content || this.zoom.range === null) return;
    if (this.reset.matches(':focus')) this.element.focus(); // the button goes
    this.zoom.to(null, this.content);
    this.draw();
  }

  private listen(): void {
    new ChartPointer(this.area, () => this.figure, {
      point: x => this.point(x),
      choosing: part => this.figure && this.overlay.choose(this.figure, part),
      zoom: part => this.zoomTo(part),
    });
    this.element.addEventListener('blur', () => this.point(null));
    this.element.addEventListener('keydown', event => {
      if (event.target === this.element && this.key(event.key)) event.preventDefault();
    });
  }

  private zoomTo(part: readonly [number, number] | null): void {
    if (part === null) this.zoomOut();
    else if (this.content) this.zoom.to(part, this.content);
    this.draw();
  }

  /** Arrows move the crosshair from point to point, + zooms in around it, Escape leaves it, then the zoom. */
  private key(key: string): boolean {
    if (key === 'Escape') {
      if (this.pointed === null) this.zoomOut();
      else this.point(null);
      return true;
    }
    if (key === '+') return this.zoomIn();
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
    if (to === undefined) return false;
    this.point(curve.x[Math.min(Math.max(to, 0), last)] ?? null);
    return true;
  }

  /** Show half of what is shown, around the crosshair. */
  private zoomIn(): boolean {
    const x = this.figure?.x;
    if (!x) return false;
    const quarter = (x.high - x.low) / 4;
    const middle = Math.min(Math.max(this.pointed ?? x.high, x.low + quarter), x.high - quarter);
    this.zoomTo([middle - quarter, middle + quarter]);
    return true;
  }
}

/** Whether a line has whole numbers only. */
function isWhole(values: Float64Array): boolean {
  return values.every(value => Number.isInteger(value) || !Number.isFinite(value));
}
