import { openMenu } from '../actions/menu';
import type { RunActions, RunChange } from '../actions/run_actions';
import type { Translate } from '../i18n/translate';
import type { Api } from '../server/api';
import type { Connection } from '../server/connection';
import { serverWords, type ServerWords } from '../server/words';
import viewCss from '../style/view.css?inline';
import { h } from '../view/dom';
import { Format } from '../view/format';
import { Redraw } from '../view/redraw';
import { watchSight } from '../view/sight';
import { isDark, watchTheme } from '../view/theme';
import { wordsIn } from '../view/words';
import type { PanelLocale } from './locale';
import { readFilter } from './filter';
import { FilterField } from './filter_field';
import panelCss from './panel.css?inline';
import { PanelFooter } from './panel_footer';
import { PanelHeader } from './panel_header';
import { metricMenu, moreMenu } from './panel_menus';
import { PanelNotice } from './panel_notice';
import type { PanelState } from './panel_state';
import { PanelWorkspaces } from './panel_workspaces';
import { RunList } from './run_list';
import { RunRows, turned, type Arrangement } from './run_rows';
import { RunTree } from './run_tree';
import type { TreeListener } from './tree_listener';
import { panelWords } from './words';

/** What a panel is made of and for. */
export interface PanelOptions {
  readonly api: Api;
  readonly connection: Connection;
  readonly actions: RunActions;
  readonly translate: Translate;
  /** BCP 47. */
  readonly language: string;
  /** What it remembered the last time. */
  readonly state?: PanelState;
  /** Called when there is something else to remember. */
  readonly onState?: (state: PanelState) => void;
}

/** A wait after the last key before a server is asked what fits the filter. */
const TYPING_MS = 300;

/** So many runs that were opened are remembered. */
const MOST_TURNED = 100;

/** The list of runs of a workspace, wherever it is shown: in JupyterLab's side bar, on a page of its own. */
export class RunPanel {
  readonly element: HTMLElement;
  private readonly locale: PanelLocale;
  private readonly workspaces: PanelWorkspaces;
  private readonly list: RunList;
  private readonly header: PanelHeader;
  private readonly field: FilterField;
  private readonly tree: RunTree;
  private readonly notice: PanelNotice;
  private readonly footer: PanelFooter;
  private readonly servers: ServerWords;
  private readonly redraw = new Redraw(() => this.draw());
  private readonly ends: (() => void)[];
  private arrangement: Arrangement;
  private isVisible: boolean | null = null; // not known yet
  private text = '';
  private typing: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: PanelOptions) {
    const { api, connection, actions, language, state = {} } = options;
    this.locale = this.makeLocale();
    this.servers = serverWords(options.translate);
    this.arrangement = {
      filter: readFilter('', this.locale.words, this.locale.status),
      order: state.order ?? 'newest',
      collapsed: new Set(state.collapsed),
      turned: new Set(state.turned),
      metrics: new Map(Object.entries(state.metrics ?? {})),
    };
    const rows = new RunRows(this.arrangement);
    this.workspaces = new PanelWorkspaces(api, {
      show: workspace => this.show(workspace),
      listed: (workspaces, current) => {
        this.header.showWorkspaces(workspaces, current);
        this.notice.draw(this.list, this.workspaces, this.trouble);
      },
    });
    this.list = new RunList(api, connection, rows, () => this.redraw.request());
    this.header = this.makeHeader();
    this.field = new FilterField(
      this.locale,
      text => this.filter(text),
      () => this.toLines(),
    );
    this.tree = this.makeTree(rows);
    this.notice = new PanelNotice(
      this.locale,
      () => this.retry(),
      () => (this.field.text = ''),
    );
    this.footer = new PanelFooter(this.locale, this.list, connection);
    this.element = h('section', { class: 'cellrun cellrun-panel', lang: language });
    this.element.setAttribute('aria-label', this.locale.words.runs);
    this.element.append(h('style', {}, viewCss, panelCss), this.header.element, this.field.element);
    this.element.append(this.notice.element, this.tree.element, this.footer.element);
    for (const turn of ['pointermove', 'focusin'])
      this.element.addEventListener(turn, () => this.workspaces.turnedTo());
    const timer = setInterval(() => this.tick(), 1000);
    this.ends = [
      watchTheme(this.themed),
      () => clearInterval(timer),
      actions.onChange(this.changed),
      watchSight(this.element, isVisible => this.seen(isVisible)),
    ];
    this.field.text = state.filter ?? '';
    void this.openWorkspace();
  }

  /** Put the keyboard to the runs. */
  focus(): void {
    this.tree.element.focus();
  }

  /** Stop, and leave nothing behind. */
  dispose(): void {
    for (const end of this.ends) end();
    clearTimeout(this.typing);
    this.redraw.dispose();
    this.workspaces.dispose();
    this.list.dispose();
    this.tree.dispose();
    this.element.remove();
  }

  private makeLocale(): PanelLocale {
    const { translate, language, actions } = this.options;
    const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
    return {
      words: panelWords(translate),
      status: wordsIn(language).status,
      format: new Format(language),
      date: at => date.format(at * 1000),
      href: run => actions.places.href?.({ workspace: this.workspaces.current, run }) ?? null,
    };
  }

  private makeHeader(): PanelHeader {
    const { actions } = this.options;
    const listener = {
      compare: () => actions.compare(this.workspaces.current, this.tree.selected),
      more: (at: DOMRect) => this.openMore(at),
      choose: (workspace: string) => this.workspaces.choose(workspace),
    };
    return new PanelHeader(this.locale, listener, actions.places.compare !== undefined);
  }

  private makeTree(rows: RunRows): RunTree {
    const { actions } = this.options;
    const listener: TreeListener = {
      open: row => actions.places.open?.({ workspace: this.workspaces.current, run: row.id }),
      remove: () => void actions.delete(this.workspaces.current, this.tree.selected),
      menu: at => openMenu(actions.of(this.workspaces.current, this.tree.selected), at, this.element),
      chooseMetric: (group, at) => {
        const choose = (metric: string): void => this.chooseMetric(group.name, metric);
        if (group.metrics.length > 0) openMenu(metricMenu(group, choose), at, this.element);
      },
      setOpen: (line, isOpen) =>
        line.kind === 'group'
          ? this.toggle([line.group.name], isOpen)
          : this.arrange({ turned: turned(this.arrangement.turned, line, isOpen) }),
      toFilter: () => this.field.input.focus(),
      selected: () => this.header.showSelected(this.tree.selection.runs.size),
    };
    return new RunTree(rows, listener, this.locale);
  }

  private async openWorkspace(): Promise<void> {
    await this.workspaces.open(this.options.state?.workspace);
    this.redraw.request();
  }

  private show(workspace: string): void {
    this.tree.selection.clear();
    this.header.showSelected(0);
    this.list.open(workspace, this.sparks);
    this.remember();
    this.redraw.request();
  }

  private retry(): void {
    if (this.workspaces.problem === null) void this.list.load();
    else void this.openWorkspace();
    this.options.connection.retry();
  }

  private filter(text: string): void {
    if (text === this.text) return;
    this.text = text;
    const filter = readFilter(text, this.locale.words, this.locale.status);
    this.arrange({ filter });
    clearTimeout(this.typing);
    this.typing = setTimeout(() => {
      this.field.say(filter.problems);
      this.list.setQuery(filter.query);
    }, TYPING_MS);
    if (filter.problems.length === 0) this.field.say([]);
    this.tree.element.scrollTop = 0;
  }

  private toLines(): void {
    this.tree.element.focus();
  }

  private arrange(change: Partial<Arrangement>): void {
    this.arrangement = { ...this.arrangement, ...change };
    this.list.rows.arrange(this.arrangement);
    this.remember();
    this.draw();
  }

  private toggle(experiments: readonly string[], isOpen: boolean): void {
    const collapsed = new Set(this.arrangement.collapsed);
    for (const name of experiments) {
      if (isOpen) collapsed.delete(name);
      else collapsed.add(name);
    }
    this.arrange({ collapsed });
  }

  private chooseMetric(experiment: string, metric: string): void {
    this.arrange({ metrics: new Map([...this.arrangement.metrics, [experiment, metric]]) });
    this.list.setSparks(this.sparks);
  }

  private get sparks(): readonly string[] {
    return ['*', ...new Set(this.arrangement.metrics.values())];
  }

  private openMore(at: DOMRect): void {
    const { list, tree, options } = this;
    const names = list.rows.groups.map(group => group.name);
    const { targets } = options.actions.places;
    const menu = moreMenu(this.locale.words, this.arrangement.order, {
      ...(targets ? { targets: () => targets(this.workspaces.current) } : {}),
      sort: order => this.arrange({ order }),
      setAllOpen: isOpen => this.toggle(names, isOpen),
    });
    openMenu([...menu, ...options.actions.of(this.workspaces.current, tree.selected)], at, this.element);
  }

  private remember(): void {
    const { order, collapsed, metrics } = this.arrangement;
    this.options.onState?.({
      workspace: this.workspaces.current,
      order,
      collapsed: [...collapsed],
      turned: [...this.arrangement.turned].filter(run => this.list.rows.get(run)).slice(-MOST_TURNED),
      metrics: Object.fromEntries(metrics),
    });
  }

  /** What an action did is seen at once. */
  private readonly changed = ({ workspace, rows, gone }: RunChange): void => {
    if (workspace === this.workspaces.current) this.list.take(rows, gone);
  };

  private readonly themed = (): void => {
    this.element.dataset.theme = isDark(this.element) ? 'dark' : 'light';
  };

  /** Times go on. */
  private tick(): void {
    if (document.hidden || !this.isVisible) return;
    this.tree.redraw();
    this.footer.tick();
  }

  /** Why there is no connection, in words, where trying again isn't all that can be done. */
  private get trouble(): string | null {
    const { trouble } = this.options.connection;
    return trouble === null || trouble === 'unreachable' ? null : this.servers[trouble];
  }

  /** Draw only while the panel is in sight: another one may be shown in its place. */
  private seen(isVisible: boolean): void {
    if (isVisible && this.isVisible === false) this.workspaces.turnedTo();
    this.isVisible = isVisible;
    this.draw();
  }

  private draw(): void {
    if (!this.isVisible) return;
    this.themed();
    this.tree.update();
    this.notice.draw(this.list, this.workspaces, this.trouble);
    this.header.showSelected(this.tree.selection.runs.size);
    this.footer.draw(!this.arrangement.filter.isEmpty);
  }
}
