import { isTerminal } from '../data/protocol';
import type { RunSource } from '../data/source';
import css from '../style/view.css?inline';
import type { ViewActions } from './actions';
import { Alerts } from './alerts';
import type { Locale } from './locale';
import { h, setAttribute } from './dom';
import { Footer } from './footer';
import { Format } from './format';
import { HeaderBar } from './header';
import { languageOf } from './language';
import { LiveDrawing, type Dirty } from './charts/live_drawing';
import { RunLog } from './log/run_log';
import { MetricsPane } from './metrics_pane';
import { Expandable } from './expandable';
import { wordsIn } from './words';

/**
 * The live view of a run below a cell: charts and log side by side.
 *
 * Draws `source.state`; `run_page.ts` shows the same parts as a page of its own.
 */
export class RunView {
  readonly element: HTMLElement;
  private readonly header: HeaderBar;
  private readonly alerts: Alerts;
  private readonly metrics: MetricsPane;
  private readonly expandable: Expandable;
  private readonly log: RunLog;
  private readonly footer: Footer;
  private readonly drawing: LiveDrawing;

  constructor(
    private readonly source: RunSource,
    actions: ViewActions = {},
  ) {
    const language = languageOf();
    const locale: Locale = {
      words: wordsIn(language),
      format: new Format(language),
      fullFigure: actions.fullFigure,
    };
    this.header = new HeaderBar(locale, () => source.cancel(), actions);
    this.alerts = new Alerts(locale, actions);
    this.metrics = new MetricsPane(source, locale, () => this.drawing.request(), actions);
    this.log = new RunLog(source, locale, actions);
    this.footer = new Footer(locale, actions);
    this.expandable = new Expandable(this.metrics.element, locale, isAll => {
      setAttribute(this.element, 'data-all', isAll ? '' : null);
    });
    const body = h('div', { class: 'cellrun-body' }, this.expandable.element, this.log.element);
    this.element = h('div', {
      class: 'cellrun cellrun-inline',
      lang: language,
      'aria-label': 'cellrun',
      role: 'region',
    });
    this.element.append(
      h('style', {}, css),
      this.header.element,
      this.alerts.element,
      body,
      this.footer.element,
    );
    this.drawing = new LiveDrawing(this.element, source, dirty => this.draw(dirty));
  }

  /** Stop, and leave nothing behind. */
  dispose(): void {
    this.drawing.dispose();
    this.header.dispose();
    this.expandable.dispose();
    this.metrics.dispose();
    this.log.dispose();
    this.footer.dispose();
    this.element.remove();
  }

  private draw(dirty: Readonly<Dirty>): void {
    const { source } = this;
    const { header, headerAt } = source.state;
    if (dirty.header) {
      if (header) {
        this.header.update(header, headerAt, source.isLost);
        setAttribute(this.element, 'aria-label', header.name);
      } else this.header.await(source.problem === null);
      this.alerts.update(source);
    }
    if (header) this.footer.update(header);
    this.metrics.draw(dirty);
    if (dirty.log) this.log.draw();
    else if (dirty.header) this.log.say();
    // A run that only prints, or has ended without metrics, leaves the room to its log.
    const { log } = source.state;
    const isText = log.last > log.first || (header !== null && isTerminal(header.status));
    this.element.dataset.shows = this.metrics.isEmpty && isText ? 'log' : 'all';
  }
}
