import { fill } from '../i18n/fill';
import { translateInto, type Translate } from '../i18n/translate';
import type { Api } from '../server/api';
import compareCss from '../style/compare.css?inline';
import css from '../style/view.css?inline';
import { ChartControls } from '../view/charts/chart_controls';
import { rememberedOptions, rememberOptions, type ChartOptions } from '../view/charts/chart_options';
import type { Locale } from '../view/locale';
import { h, setAttribute, setText } from '../view/dom';
import { Format } from '../view/format';
import { languageOf } from '../view/language';
import { Redraw } from '../view/redraw';
import { coloursOf } from '../view/charts/run_colours';
import { watchSight } from '../view/sight';
import { isDark, watchTheme } from '../view/theme';
import { wordsIn } from '../view/words';
import { CompareCharts } from './compare_charts';
import { CompareTable } from './compare_table';
import { ComparedRuns, type CompareApi, type CompareConnection } from './compared_runs';
import { RunPicker } from './run_picker';
import { compareWords, titleOf } from './words';

/** What the place where a comparison stands can do; what isn't given isn't offered. */
export interface CompareActions {
  openRun?(run: string): void;
  /** Other runs are compared now. */
  changed?(runs: readonly string[]): void;
  readonly translate?: Translate;
}

const SURFACE = 'compare';

/** Several runs of a workspace, their curves on one another and their values side by side. */
export class CompareView {
  readonly element: HTMLElement;
  private readonly title = h('b', { class: 'cellrun-name' });
  private readonly experiments = h('span', { class: 'cellrun-experiment cellrun-muted' });
  private readonly alerts = h('div', { class: 'cellrun-alerts', role: 'status' });
  private readonly empty: HTMLElement;
  private readonly differences: HTMLButtonElement;
  private readonly controls: ChartControls;
  private readonly charts: CompareCharts;
  private readonly table: CompareTable;
  private readonly compared: ComparedRuns;
  private readonly locale: Locale;
  private readonly words;
  private readonly redraw = new Redraw(() => this.draw());
  private readonly ends: (() => void)[];
  private options: ChartOptions = rememberedOptions(SURFACE);
  private told = '';

  constructor(
    api: CompareApi & Pick<Api, 'metric'>,
    connection: CompareConnection,
    workspace: string,
    runs: readonly string[],
    private readonly actions: CompareActions = {},
  ) {
    const language = languageOf();
    this.words = compareWords(actions.translate ?? translateInto(language));
    this.locale = { words: wordsIn(language), format: new Format(language) };
    const wake = (): void => this.redraw.request();
    this.compared = new ComparedRuns(api, connection, workspace, runs, this.options.x, wake);
    this.controls = new ChartControls(this.locale, this.options, options => this.choose(options));
    this.charts = new CompareCharts(api, this.locale, this.words, wake);
    this.differences = this.differencesButton();
    this.table = new CompareTable(this.locale, this.words, this.headActions(), this.differences, wake);
    this.empty = h('p', { class: 'cellrun-empty' }, this.words.loading);
    this.element = h('div', { class: 'cellrun cellrun-compare', lang: language, role: 'region' });
    this.element.append(h('style', {}, css), h('style', {}, compareCss), ...this.parts());
    this.told = this.compared.runs.join('\n');
    this.ends = [watchTheme(() => this.themed()), watchSight(this.element, isSeen => this.seen(isSeen))];
    wake();
  }

  /** The ids of the runs that are compared. */
  get runs(): readonly string[] {
    return this.compared.runs;
  }

  /** Compare one more run. */
  addRun(run: string): void {
    this.compared.add(run);
  }

  dispose(): void {
    for (const end of this.ends) end();
    this.redraw.dispose();
    this.compared.dispose();
    this.charts.dispose();
    this.element.remove();
  }

  private parts(): HTMLElement[] {
    const picker = new RunPicker(
      this.words,
      () => this.compared.others(),
      run => this.compared.add(run),
    );
    const space = h('span', { class: 'cellrun-space' });
    const parts = [this.title, this.experiments, space, picker.element, this.controls.element];
    const scroller = { role: 'region', tabindex: 0, 'aria-label': this.words.table };
    return [
      h('div', { class: 'cellrun-header' }, ...parts),
      this.alerts,
      h(
        'div',
        { class: 'cellrun-compare-body', ...scroller },
        this.empty,
        this.charts.element,
        this.table.element,
      ),
    ];
  }

  private headActions(): { open?: ((run: string) => void) | undefined; remove: (run: string) => void } {
    const { actions } = this;
    return {
      open: actions.openRun && (run => actions.openRun?.(run)),
      remove: run => this.compared.remove(run),
    };
  }

  private differencesButton(): HTMLButtonElement {
    const button = h('button', { type: 'button', class: 'cellrun-link', 'aria-pressed': 'false' });
    button.textContent = this.words.onlyDifferences;
    button.title = this.words.onlyDifferencesTitle;
    button.addEventListener('click', () => {
      button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
      this.draw();
    });
    return button;
  }

  private choose(options: ChartOptions): void {
    this.options = options;
    rememberOptions(SURFACE, options);
    this.compared.x = options.x;
    this.redraw.request();
  }

  private draw(): void {
    const { compared, words } = this;
    const { comparison } = compared;
    const rows = compared.rows;
    const title = titleOf(compared.runs.length, words);
    setText(this.title, title);
    setAttribute(this.element, 'aria-label', title);
    setText(this.experiments, [...new Set(rows.map(row => row.experiment))].join(', '));
    this.controls.setXs({ asLogged: 'step', others: ['time', ...compared.columns] });
    this.sayTroubles();
    this.table.element.hidden = comparison === null;
    if (comparison) {
      const colours = coloursOf(rows);
      const isShort = this.differences.getAttribute('aria-pressed') === 'true';
      this.charts.update({ workspace: compared.workspace, comparison, colours, options: this.options });
      this.charts.draw();
      this.table.update(comparison, colours, isShort);
    }
    this.empty.hidden = comparison !== null && comparison.curves.length > 0;
    const isWaiting = comparison === null && compared.problem === null && compared.runs.length > 1;
    setText(this.empty, isWaiting ? words.loading : compared.runs.length < 2 ? words.tooFew : words.noCurves);
    this.tellChange();
  }

  private tellChange(): void {
    const runs = this.compared.runs.join('\n');
    if (runs === this.told) return;
    this.told = runs;
    this.actions.changed?.(this.compared.runs);
  }

  private sayTroubles(): void {
    const { problem, deleted, isDisconnected } = this.compared;
    const notes = deleted.map(name => fill(this.words.deleted, { name }));
    if (isDisconnected) notes.push(this.words.disconnected);
    else if (problem !== null) notes.push(problem);
    if (notes.join('\n') === [...this.alerts.children].map(alert => alert.textContent).join('\n')) return;
    this.alerts.replaceChildren(...notes.map(note => h('div', { class: 'cellrun-alert' }, note)));
  }

  private themed(): void {
    this.element.dataset.theme = isDark(this.element) ? 'dark' : 'light';
  }

  /** Ask and draw only while some of it is in sight. */
  private seen(isSeen: boolean): void {
    this.compared.seen = isSeen;
    if (!isSeen) return;
    this.themed();
    this.redraw.request();
  }
}
