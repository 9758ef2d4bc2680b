import type { Metric } from '../data/metric';
import type { RunState } from '../data/run_state';
import type { RunSource } from '../data/source';
import { hasIndex, series, type Series } from '../data/series';
import { ChartCard } from './charts/chart_card';
import { ChartContents } from './charts/chart_contents';
import type { ChartOptions, ChartXs } from './charts/chart_options';
import type { Locale } from './locale';
import { Crosshair } from './charts/crosshair';
import { h, setText } from './dom';
import { TableCard } from './table_card';
import { Tiles } from './tiles';
import { fill } from './words';

/** So many charts are drawn at their full height; more of them are small multiples. */
const FEW_CARDS = 6;

/** Cards shown at first, and more at each wish: a page with thousands of charts helps nobody. */
const CARDS_AT_A_TIME = 48;

/** A run's metrics: tiles, then charts and tables in the order they came. Only what is in sight is drawn. */
export class Board {
  readonly element: HTMLElement;
  private readonly grid = h('div', { class: 'cellrun-grid' });
  private readonly more: HTMLButtonElement;
  private readonly tiles: Tiles;
  private readonly crosshair = new Crosshair();
  private readonly kinds = new Map<string, Series['kind']>();
  private readonly cards = new Map<string, ChartCard | TableCard>();
  private readonly visible = new Set<Element>();
  private readonly dirty = new Set<string>();
  private readonly observer: IntersectionObserver;
  private readonly contents: ChartContents;
  private readonly state: RunState;
  private most = CARDS_AT_A_TIME;
  private live = false;

  /** `wake` is called when something comes into sight that may have to be drawn. */
  constructor(
    private readonly source: RunSource,
    private readonly locale: Locale,
    private readonly wake: () => void,
  ) {
    this.state = source.state;
    this.contents = new ChartContents(source, locale.words, name => this.redraw(name));
    this.tiles = new Tiles(locale);
    this.more = h('button', { type: 'button', class: 'cellrun-button cellrun-more', hidden: true });
    this.more.addEventListener('click', () => {
      this.most += CARDS_AT_A_TIME;
      this.arrange();
    });
    this.element = h('div', { class: 'cellrun-board' }, this.tiles.element, this.grid, this.more);
    this.observer = new IntersectionObserver(
      entries => {
        for (const { target, isIntersecting } of entries) {
          if (isIntersecting) this.visible.add(target);
          else this.visible.delete(target);
        }
        wake();
      },
      { rootMargin: '64px' },
    );
  }

  /** What the charts can be over. */
  get xs(): ChartXs {
    return this.contents.xs;
  }

  /** Draw charts as the reader wants them. */
  setOptions(options: ChartOptions): void {
    this.contents.options = options;
    for (const card of this.cards.values()) if (card instanceof ChartCard) card.setOptions(options);
  }

  /** Take note of changed metrics. `live`: more may come. */
  change(names: Iterable<string>, live: boolean): void {
    for (const name of names) this.dirty.add(name);
    if (live !== this.live) for (const name of this.state.metrics.keys()) this.dirty.add(name);
    this.live = live;
  }

  /** Draw what changed and is in sight. */
  draw(): void {
    const shown = new Map([...this.dirty].flatMap(name => this.seriesOf(name)));
    const same = [...shown].every(([name, { kind }]) => this.kinds.get(name) === kind);
    if (!same || this.kinds.size !== this.state.metrics.size) this.arrange();
    for (const [name, found] of shown) this.drawMetric(name, found);
  }

  dispose(): void {
    this.observer.disconnect();
    for (const card of this.cards.values()) card.dispose();
  }

  private seriesOf(name: string): [string, Series][] {
    const metric = this.state.metrics.get(name);
    if (!metric) this.dirty.delete(name);
    return metric ? [[name, series(metric)]] : [];
  }

  private drawMetric(name: string, found: Series): void {
    const metric = this.state.metrics.get(name);
    const card = this.cards.get(name);
    if (!metric) return;
    if (found.kind === 'tile') this.tiles.update(metric, found);
    else if (!card || !this.visible.has(card.element)) return;
    else if (card instanceof ChartCard) card.show(this.contents.of(metric, found, this.live));
    else card.update(metric, found);
    this.dirty.delete(name);
  }

  /** Give every metric its place. */
  private arrange(): void {
    for (const name of this.kinds.keys()) if (!this.state.metrics.has(name)) this.remove(name);
    let place = 0;
    let hidden = 0;
    for (const metric of this.state.metrics.values()) {
      const found = series(metric);
      if (this.kinds.get(metric.name) !== found.kind) this.remove(metric.name);
      this.kinds.set(metric.name, found.kind);
      if (found.kind === 'tile') continue;
      if (place >= this.most) hidden++;
      else this.put(this.cards.get(metric.name) ?? this.makeCard(metric, found), place++);
    }
    this.grid.dataset.count = String(place);
    this.grid.classList.toggle('cellrun-small', place > FEW_CARDS);
    this.more.hidden = hidden === 0;
    setText(
      this.more,
      fill(this.locale.words.showMore, { n: this.locale.format.count(Math.min(hidden, CARDS_AT_A_TIME)) }),
    );
  }

  private redraw(name: string): void {
    this.dirty.add(name);
    this.wake();
  }

  private put(card: ChartCard | TableCard, place: number): void {
    const there = this.grid.children[place] ?? null;
    if (there !== card.element) this.grid.insertBefore(card.element, there);
  }

  private makeCard(metric: Metric, found: Series): ChartCard | TableCard {
    const { name } = metric;
    const card =
      found.kind === 'chart'
        ? new ChartCard(name, this.crosshair, this.locale, () => this.redraw(name))
        : new TableCard(name, this.locale, this.source);
    if (card instanceof ChartCard) card.setOptions(this.contents.options);
    // A curve over an x that was logged is looked at as a form, so it gets the whole width; so does a table.
    if (found.kind === 'table' || !hasIndex(metric)) card.element.dataset.wide = '';
    this.cards.set(name, card);
    this.dirty.add(name);
    this.observer.observe(card.element);
    return card;
  }

  private remove(name: string): void {
    const card = this.cards.get(name);
    if (card) {
      this.observer.unobserve(card.element);
      this.visible.delete(card.element);
      card.dispose();
      this.cards.delete(name);
    }
    this.tiles.remove(name);
    this.kinds.delete(name);
  }
}
