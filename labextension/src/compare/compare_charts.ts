import { isTerminal } from '../data/protocol';
import { fill } from '../i18n/fill';
import type { Api } from '../server/api';
import type { Comparison, MetricColumns, MetricQuery } from '../server/openapi';
import { ChartCard, type ChartContent } from '../view/charts/chart_card';
import type { ChartOptions } from '../view/charts/chart_options';
import type { Locale } from '../view/locale';
import { Crosshair } from '../view/charts/crosshair';
import type { Curve } from '../view/charts/curve';
import { h, setText } from '../view/dom';
import { readCurves } from '../view/charts/metric_reader';
import type { CompareWords } from './words';

type Curves = Comparison['curves'][number];

/** Cards shown at first, and more at each wish. */
const CARDS_AT_A_TIME = 48;

/** What the charts need to know besides the comparison. */
export interface Drawn {
  readonly workspace: string;
  readonly comparison: Comparison;
  /** By run, in the order of the comparison. */
  readonly colours: readonly number[];
  readonly options: ChartOptions;
}

/** A chart for each metric, the runs' curves on one another; only what is in sight is drawn. */
export class CompareCharts {
  readonly element: HTMLElement;
  private readonly grid = h('div', { class: 'cellrun-grid' });
  private readonly more: HTMLButtonElement;
  private readonly crosshair = new Crosshair();
  private readonly cards = new Map<string, ChartCard>();
  private readonly visible = new Set<Element>();
  private readonly dirty = new Set<string>();
  private readonly observer: IntersectionObserver;
  private drawn: Drawn | null = null;
  private most = CARDS_AT_A_TIME;

  /** `wake` is called when something comes into sight that may have to be drawn. */
  constructor(
    private readonly api: Pick<Api, 'metric'>,
    private readonly locale: Locale,
    private readonly words: CompareWords,
    private readonly wake: () => void,
  ) {
    this.more = h('button', { type: 'button', class: 'cellrun-button cellrun-more', hidden: true });
    this.more.addEventListener('click', () => {
      this.most += CARDS_AT_A_TIME;
      this.arrange();
      wake();
    });
    const region = { role: 'region', 'aria-label': words.charts };
    this.element = h('div', { class: 'cellrun-compare-charts', ...region }, this.grid, this.more);
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

  /** Take in a comparison; `draw` shows it. */
  update(drawn: Drawn): void {
    if (drawn.options !== this.drawn?.options)
      for (const card of this.cards.values()) card.setOptions(drawn.options);
    this.drawn = drawn;
    for (const curves of drawn.comparison.curves) this.dirty.add(keyOf(curves));
    this.arrange();
  }

  draw(): void {
    for (const curves of this.drawn?.comparison.curves ?? []) {
      const key = keyOf(curves);
      const card = this.cards.get(key);
      if (!this.drawn || !card || !this.dirty.has(key) || !this.visible.has(card.element)) continue;
      card.show(this.content(curves, this.drawn));
      this.dirty.delete(key);
    }
  }

  dispose(): void {
    this.observer.disconnect();
    for (const card of this.cards.values()) card.dispose();
  }

  /** Give every metric its place. */
  private arrange(): void {
    const all = this.drawn?.comparison.curves ?? [];
    const shown = new Map(all.slice(0, this.most).map(curves => [keyOf(curves), curves]));
    for (const [key, card] of this.cards) {
      if (shown.has(key)) continue;
      this.observer.unobserve(card.element);
      this.visible.delete(card.element);
      card.dispose();
      this.cards.delete(key);
    }
    let place = 0;
    for (const [key, { name }] of shown) {
      const card = this.cards.get(key) ?? this.makeCard(key, name);
      const there = this.grid.children[place++] ?? null;
      if (there !== card.element) this.grid.insertBefore(card.element, there);
    }
    this.grid.dataset.count = String(place);
    const hidden = all.length - place;
    this.more.hidden = hidden === 0;
    const n = this.locale.format.count(Math.min(hidden, CARDS_AT_A_TIME));
    setText(this.more, fill(this.words.showMore, { n }));
  }

  private makeCard(key: string, name: string): ChartCard {
    const card = new ChartCard(name, this.crosshair, this.locale, () => {
      this.dirty.add(key);
      this.wake();
    });
    if (this.drawn) card.setOptions(this.drawn.options);
    this.cards.set(key, card);
    this.observer.observe(card.element);
    return card;
  }

  private content(curves: Curves, { comparison, colours }: Drawn): ChartContent {
    const { name, x, y, series } = curves;
    const row = (run: string): number => comparison.runs.findIndex(({ id }) => id === run);
    const look = series.map(({ run }) => ({
      name: comparison.runs[row(run)]?.display_name ?? run,
      colour: colours[row(run)] ?? 0,
    }));
    const over = fill(this.words.over, { x });
    const alone = series.length === 1 ? look[0]?.name : undefined; // a chart names its lines only if it has several
    return {
      title: name,
      subtitle: [y === name ? over : `${y} ${over}`, alone].filter(Boolean).join(' · '),
      x,
      curves: series.map((one, i) => ({ ...look[i], x: numbers(one.x), y: numbers(one.y) }) as Curve),
      counted: x === 'step' || x === 'row',
      isTime: x === 'time',
      live: series.some(({ run }) => !isTerminal(comparison.runs[row(run)]?.status ?? 'Completed')),
      rows: Math.max(0, ...series.map(one => one.y.length)),
      read: (from, to) => this.read(curves, look, { from, to }),
    };
  }

  /** The exact points of a part. */
  private async read(
    { name, x, y, series }: Curves,
    look: readonly Pick<Curve, 'name' | 'colour'>[],
    part: { from: number; to: number },
  ): Promise<readonly Curve[]> {
    const { workspace = '', comparison } = this.drawn ?? {};
    const parts = series.map(async ({ run }, i): Promise<Curve[]> => {
      const row = comparison?.runs.find(({ id }) => id === run);
      const startedAt = row?.started_at ?? row?.created_at ?? 0;
      const ask = (query: MetricQuery): Promise<MetricColumns> => this.api.metric({ workspace, run }, query);
      const found = await readCurves(ask, { name, x, ...part }, [y], startedAt);
      return found.map(curve => ({ ...curve, ...look[i] }));
    });
    return (await Promise.all(parts)).flat();
  }
}

function keyOf({ name, y }: Curves): string {
  return JSON.stringify([name, y]);
}

function numbers(values: readonly (number | null)[]): Float64Array {
  return Float64Array.from(values, value => value ?? NaN);
}
