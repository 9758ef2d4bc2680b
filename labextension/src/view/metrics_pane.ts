import type { RunSource } from '../data/source';
import { isTerminal } from '../data/protocol';
import type { ViewActions } from './actions';
import { Board } from './board';
import type { ChartOptions, ChartXs } from './charts/chart_options';
import type { Locale } from './locale';
import { h, setText } from './dom';
import { Gallery } from './gallery';
import type { Dirty } from './charts/live_drawing';
import type { Words } from './words';

/** What a run logged besides text: tiles, charts, tables, images. */
export class MetricsPane {
  readonly element: HTMLElement;
  private readonly board: Board;
  private readonly gallery: Gallery;
  private readonly empty: HTMLElement;
  private readonly words: Words;

  /** `wake` is called when something comes into sight that may have to be drawn. */
  constructor(
    private readonly source: RunSource,
    locale: Locale,
    wake: () => void,
    actions: ViewActions = {},
  ) {
    const { words } = locale;
    this.words = words;
    this.board = new Board(source, locale, wake);
    this.gallery = new Gallery(source.state, locale, actions);
    this.empty = h('p', { class: 'cellrun-empty' });
    const scroller = { role: 'region', 'aria-label': words.metrics, tabindex: 0 };
    const parts = [this.empty, this.board.element, this.gallery.element];
    this.element = h('div', { class: 'cellrun-metrics', ...scroller }, ...parts);
  }

  /** Whether there is nothing to show, which is known once the run is. */
  get isEmpty(): boolean {
    const { header, metrics, images } = this.source.state;
    return header !== null && metrics.size === 0 && images.size === 0;
  }

  /** What the charts can be over. */
  get xs(): ChartXs {
    return this.board.xs;
  }

  setOptions(options: ChartOptions): void {
    this.board.setOptions(options);
  }

  /** Draw what changed. */
  draw(dirty: Readonly<Dirty>): void {
    const { header } = this.source.state;
    const isLive = header !== null && !isTerminal(header.status);
    this.board.change(dirty.metrics, isLive);
    this.board.draw();
    if (dirty.images) this.gallery.draw();
    this.empty.hidden = !this.isEmpty;
    setText(this.empty, isLive ? this.words.noMetricsYet : this.words.noMetrics);
  }

  dispose(): void {
    this.board.dispose();
    this.gallery.dispose();
  }
}
