import type { RunActions } from '../actions/run_actions';
import type { RunSource } from '../data/source';
import { shownBy } from '../output/shown_by';
import { isTerminal, type Header } from '../data/protocol';
import { fill } from '../i18n/fill';
import type { Api, RunKey } from '../server/api';
import type { Connection } from '../server/connection';
import pageCss from '../style/page.css?inline';
import css from '../style/view.css?inline';
import { serverWords } from '../server/words';
import type { PageTab, ViewActions } from '../view/actions';
import { Alerts } from '../view/alerts';
import { h, setAttribute } from '../view/dom';
import { HeaderBar } from '../view/header';
import { LiveDrawing, type Dirty } from '../view/charts/live_drawing';
import { RunLog } from '../view/log/run_log';
import { withCode } from '../view/with_code';
import { ChildrenPane } from './children_pane';
import { DetailsPane } from './details_pane';
import { figureFrame } from './figure_frame';
import { FilesPane, type Extra, type First } from './files_pane';
import { MetricsTab } from './metrics_tab';
import { pageLocale } from './locale';
import { part, textOf } from './recorded';
import { countLines, sourceText } from './source_text';
import { Tabs } from './tabs';
import { capturedExtra } from './captured';

/** Where a run's page stands, and what can be done there. What isn't given isn't offered. */
export interface RunPageOptions {
  readonly tab?: PageTab | undefined;
  /** What can be done with runs; what it asks is asked within this element. */
  actions?(within: HTMLElement): RunActions;
  /** Another tab is shown. */
  tabChanged?(tab: PageTab): void;
  /** What stands above the run has changed, whether the page is in sight or not. */
  headerChanged?(header: Header): void;
  /** Show another run: the one that this one repeats, or its repetition. */
  openRun?(run: string): void;
  /** Tells of a workspace's runs: without it no child runs are shown. */
  readonly stream?: Pick<Connection, 'list'>;
  /** Where frames come from (`FrameOptions`). */
  readonly frameUrl?: string;
}

/** A run as a page of its own: the parts of the view below a cell, each with room, and all else that is known of it. */
export class RunPage {
  readonly element: HTMLElement;
  private readonly locale = pageLocale(figure => figureFrame(figure, this.api));
  private readonly body = h('div', { class: 'cellrun-page-body' });
  private readonly header: HeaderBar;
  private readonly alerts: Alerts;
  private readonly metrics: MetricsTab;
  private readonly log: RunLog;
  private readonly children: ChildrenPane | null = null;
  private readonly details: DetailsPane;
  private readonly outputs: FilesPane;
  private readonly code: FilesPane;
  private readonly tabs: Tabs<PageTab>;
  private readonly drawing: LiveDrawing;
  private readonly actions: RunActions | undefined;
  private readonly endTelling: () => void;
  private told: Header | null = null;
  private wasLive: boolean | null = null;

  constructor(
    private readonly source: RunSource,
    private readonly api: Api,
    private readonly key: RunKey,
    private readonly options: RunPageOptions = {},
  ) {
    const { locale } = this;
    this.element = h('div', { class: 'cellrun cellrun-page', lang: locale.language, role: 'region' });
    this.element.setAttribute('aria-label', 'cellrun');
    this.actions = options.actions?.(this.element);
    const again = this.actions ? { again: () => this.runAgain() } : {};
    const { frameUrl } = options;
    const logUrl = (rank: number): string => api.logUrl(key, rank);
    const actions: ViewActions = { ...again, ...shownBy(api, key), frameUrl, logUrl };
    this.header = new HeaderBar(locale, () => source.cancel(), actions);
    this.alerts = new Alerts(locale);
    this.metrics = new MetricsTab(source, locale, () => this.drawing.request(), actions);
    this.log = new RunLog(source, locale, actions);
    if (options.stream) this.children = this.makeChildren(options.stream);
    this.details = new DetailsPane(api, key, locale, {
      actions: this.actions,
      openRun: options.openRun?.bind(options),
    });
    this.outputs = this.makeOutputs();
    this.code = this.makeCode();
    this.tabs = this.makeTabs();
    const styles = [h('style', {}, css), h('style', {}, pageCss)];
    const parts = [this.metrics, this.log, this.children, this.details, this.outputs, this.code];
    const panels = parts.flatMap(part => (part ? [part.element] : []));
    this.body.append(...panels);
    this.element.append(...styles, this.header.element, this.tabs.element, this.alerts.element, this.body);
    this.drawing = new LiveDrawing(this.element, source, dirty => this.draw(dirty));
    this.endTelling = source.subscribe(() => this.tellHeader());
    this.tellHeader();
    this.tabs.offer('children', options.tab === 'children');
    const isThere = options.tab !== 'children' || this.children !== null;
    this.tabs.open(isThere ? (options.tab ?? 'metrics') : 'metrics');
    if (options.tab !== 'outputs') this.outputs.refresh(); // their number stands in the tab from the start
  }

  /** Which part is shown. */
  get tab(): PageTab {
    return this.tabs.shown ?? 'metrics';
  }

  /** Show a part. */
  openTab(tab: PageTab): void {
    this.tabs.open(tab);
  }

  dispose(): void {
    this.endTelling();
    this.drawing.dispose();
    this.header.dispose();
    this.metrics.dispose();
    this.children?.dispose();
    this.log.dispose();
    this.outputs.dispose();
    this.code.dispose();
    this.element.remove();
  }

  private makeTabs(): Tabs<PageTab> {
    const { page } = this.locale;
    const tabs = [
      { id: 'metrics', label: page.metrics, panel: this.metrics.element },
      { id: 'log', label: page.log, panel: this.log.element },
      ...(this.children
        ? [{ id: 'children' as const, label: page.children, panel: this.children.element }]
        : []),
      { id: 'details', label: page.details, panel: this.details.element },
      { id: 'outputs', label: page.outputs, panel: this.outputs.element },
      { id: 'code', label: page.code, panel: this.code.element },
    ] as const;
    return new Tabs(page.tabs, tabs, tab => this.opened(tab));
  }

  private makeChildren(stream: Pick<Connection, 'list'>): ChildrenPane {
    const { page, format } = this.locale;
    return new ChildrenPane(this.api, stream, this.key, this.locale, {
      actions: this.actions,
      openRun: this.options.openRun?.bind(this.options),
      counted: count => {
        this.tabs.offer('children', count > 0 || this.tab === 'children');
        this.tabs.label('children', fill(page.childrenTab, { n: format.count(count) }));
      },
    });
  }

  private makeOutputs(): FilesPane {
    const { page, words, format } = this.locale;
    return new FilesPane(this.api, this.key, this.locale, {
      folder: 'outputs',
      first: () => Promise.resolve({ extras: [], file: '' }),
      empty: () => (this.isLive ? page.noOutputs : page.noOutputsEver),
      frameUrl: this.options.frameUrl,
      counted: count => this.tabs.label('outputs', fill(words.outputsCount, { n: format.count(count) })),
    });
  }

  private makeCode(): FilesPane {
    const { page } = this.locale;
    return new FilesPane(this.api, this.key, this.locale, {
      folder: 'snapshot',
      first: () => this.firstCode(),
      empty: () => (this.source.state.header?.interactive ? page.noCode : page.noSnapshot),
      frameUrl: this.options.frameUrl,
    });
  }

  /** The cell that was submitted, as it was written, and what was captured with it; or the script. */
  private async firstCode(): Promise<First> {
    const { page, format } = this.locale;
    const { record, header, needs } = await this.api.run(this.key);
    const text = textOf(part(record, 'cell'), 'source');
    const note = fill(page.lines, { n: format.count(countLines(text)) });
    const extras: Extra[] = [];
    if (text !== '')
      extras.push({
        name: 'cell',
        label: page.cell,
        note,
        show: () => sourceText(text, page.cell, 'python'),
      });
    if (needs && needs.length > 0) extras.push(capturedExtra(needs, header, this.locale));
    return { extras, file: textOf(record, 'script') };
  }

  private opened(tab: PageTab): void {
    if (tab === 'children') this.children?.open();
    else if (tab === 'details') this.details.open();
    else if (tab === 'outputs') this.outputs.open();
    else if (tab === 'code') this.code.open();
    this.options.tabChanged?.(tab);
  }

  private get isLive(): boolean {
    const { header } = this.source.state;
    return header === null || !isTerminal(header.status);
  }

  private draw(dirty: Readonly<Dirty>): void {
    const { header, headerAt } = this.source.state;
    if (!header && this.source.isLost) {
      this.sayGone();
      return;
    }
    if (dirty.header) {
      if (header) {
        this.header.update(header, headerAt, this.source.isLost);
        setAttribute(this.element, 'aria-label', header.name);
        this.follow(header);
      } else this.header.await(this.source.problem === null);
      this.alerts.update(this.source);
    }
    this.metrics.draw(dirty);
    if (dirty.log) this.log.draw();
    else if (dirty.header) this.log.say();
  }

  /** The title of a tab is read where the tab itself isn't seen, so this doesn't wait for a drawing. */
  private tellHeader(): void {
    const { header } = this.source.state;
    if (!header || header === this.told) return;
    this.told = header;
    this.options.headerChanged?.(header);
  }

  /** There is no such run: nothing but that is shown. */
  private sayGone(): void {
    const { notHere } = serverWords(this.locale.translate);
    const text = withCode(fill(notHere, { run: this.key.run }));
    this.body.replaceChildren(h('div', { class: 'cellrun-alert', role: 'alert' }, ...text));
    for (const part of [this.header, this.tabs, this.alerts]) part.element.remove();
  }

  /** Load again what a change of the run has made old. */
  private follow(header: Header): void {
    this.details.follow(header);
    if (this.wasLive === true && !this.isLive) this.outputs.refresh();
    this.wasLive = this.isLive;
  }

  private async runAgain(): Promise<void> {
    const made = await this.actions?.againByKey(this.key);
    if (made) this.options.openRun?.(made.id);
  }
}
