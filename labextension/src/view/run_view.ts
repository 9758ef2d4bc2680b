import { isTerminal } from '../data/protocol';
import type { Change } from '../data/run_state';
import type { RunSource } from '../data/source';
import css from '../style/view.css?inline';
import { Alerts } from './alerts';
import { Board } from './board';
import type { Context } from './context';
import { h, setAttribute } from './dom';
import { Footer } from './footer';
import { Format } from './format';
import { Gallery } from './gallery';
import { HeaderBar } from './header';
import { languageOf } from './language';
import { LogPane } from './log_pane';
import { Redraw } from './redraw';
import { isDark, watchTheme } from './theme';
import { wordsIn } from './words';

/**
 * The live view of a run, wherever it is shown: the widget, later a tab and a page of their own.
 *
 * Draws `source.state`, at most ten times a second, and only what changed and is in sight.
 */
export class RunView {
  readonly element: HTMLElement;
  private readonly header: HeaderBar;
  private readonly alerts: Alerts;
  private readonly empty: HTMLElement;
  private readonly board: Board;
  private readonly gallery: Gallery;
  private readonly log: LogPane;
  private readonly footer: Footer;
  private readonly redraw = new Redraw(() => this.draw());
  private readonly ends: (() => void)[];
  private readonly dirty = { header: true, metrics: new Set<string>(), images: true, log: true };
  private visible = false;

  constructor(private readonly source: RunSource) {
    const language = languageOf();
    const context: Context = { words: wordsIn(language), format: new Format(language) };
    this.header = new HeaderBar(context, () => source.cancel());
    this.alerts = new Alerts(context);
    this.board = new Board(source.state, context, () => this.redraw.request());
    this.gallery = new Gallery(source.state, context);
    this.log = new LogPane(source, context);
    this.footer = new Footer(context);
    this.empty = h('p', { class: 'cellrun-empty' }, context.words.noMetricsYet);
    const scroller = { role: 'region', 'aria-label': context.words.metrics, tabindex: 0 };
    const metrics = h(
      'div',
      { class: 'cellrun-metrics', ...scroller },
      this.empty,
      this.board.element,
      this.gallery.element,
    );
    const body = h('div', { class: 'cellrun-body' }, metrics, this.log.element);
    this.element = h('div', { class: 'cellrun', lang: language, 'aria-label': 'cellrun', role: 'region' });
    this.element.append(
      h('style', {}, css),
      this.header.element,
      this.alerts.element,
      body,
      this.footer.element,
    );
    for (const name of source.state.metrics.keys()) this.dirty.metrics.add(name);
    this.ends = [source.subscribe(this.changed), watchTheme(this.themed), this.watchSight()];
  }

  /** Stop, and leave nothing behind. */
  dispose(): void {
    for (const end of this.ends) end();
    this.redraw.dispose();
    this.header.dispose();
    this.board.dispose();
    this.gallery.dispose();
    this.log.dispose();
    this.element.remove();
  }

  private readonly changed = (change: Change): void => {
    this.dirty.header ||= change.header;
    this.dirty.images ||= change.images;
    this.dirty.log ||= change.log;
    for (const name of change.metrics) this.dirty.metrics.add(name);
    if (this.visible) this.redraw.request();
  };

  private readonly themed = (): void => {
    this.element.dataset.theme = isDark(this.element) ? 'dark' : 'light';
  };

  /** Draw only while some of the view is in sight. */
  private watchSight(): () => void {
    const observer = new IntersectionObserver(entries => {
      this.visible = entries.at(-1)?.isIntersecting ?? false;
      if (!this.visible) return;
      this.themed();
      this.redraw.request();
    });
    observer.observe(this.element);
    return () => observer.disconnect();
  }

  private draw(): void {
    if (!this.visible) return; // it was in sight when it was asked to
    const { dirty, source } = this;
    const { header, metrics, images } = source.state;
    const live = header !== null && !isTerminal(header.status);
    if (dirty.header) {
      if (header) {
        this.header.update(header, source.state.headerAt, source.isLost);
        setAttribute(this.element, 'aria-label', header.name);
        this.footer.update(header);
      }
      this.alerts.update(source);
    }
    this.board.change(dirty.metrics, live);
    this.board.draw();
    if (dirty.images) this.gallery.draw();
    if (dirty.log) this.log.draw();
    else if (dirty.header) this.log.say();
    this.sayEmpty(header !== null && metrics.size === 0 && images.size === 0, live);
    Object.assign(dirty, { header: false, images: false, log: false });
    dirty.metrics.clear();
  }

  /** Say what will come where nothing is yet; what ended without metrics leaves the room to its log. */
  private sayEmpty(empty: boolean, live: boolean): void {
    this.empty.hidden = !empty;
    this.element.dataset.metrics = empty ? 'none' : 'some';
    this.element.dataset.live = String(live);
  }
}
