import { PageDialogs } from '../actions/dialog';
import { RunActions } from '../actions/run_actions';
import { RunSources } from '../data/run_sources';
import { fill } from '../i18n/fill';
import { pageLocale } from '../page/locale';
import { Api, type RunKey } from '../server/api';
import { Connection } from '../server/connection';
import { findProblem } from '../server/problem';
import { serverWords } from '../server/words';
import css from '../style/view.css?inline';
import { h } from '../view/dom';
import { withCode } from '../view/with_code';
import { isDark, watchTheme } from '../view/theme';
import { Addresses, tabOf } from './address';
import { showInTab } from './favicon';

declare const VERSION: string;

/** What the server tells a page: `data-base-url` and the like of its body. */
export type PageData = Readonly<Partial<Record<string, string>>>;

/** A page of the portal: the list of runs, a run, a comparison, or the targets, each loaded when it is wanted. */
export class Portal {
  private readonly locale = pageLocale();
  private readonly api: Api;
  private readonly connection: Connection;
  private readonly addresses: Addresses;
  private readonly actions: RunActions;
  private readonly dialogs: PageDialogs;
  private readonly bar: HTMLElement;
  private readonly main: HTMLElement;

  constructor(private readonly data: PageData) {
    const baseUrl = data.baseUrl ?? '/';
    const { translate, language } = this.locale;
    this.api = new Api({
      baseUrl,
      fetch: (...request) => fetch(...request),
      said: async text => (await import('../i18n/said')).said(text, translate),
    });
    this.connection = new Connection(() => this.api.streamUrl, { ask: () => this.api.version() });
    this.addresses = new Addresses(baseUrl);
    this.main = document.querySelector('main') ?? document.body;
    this.bar = this.makeBar();
    const places = {
      open: (key: RunKey, tab?: Parameters<Addresses['run']>[1]) =>
        location.assign(this.addresses.run(key, tab)),
      compare: (workspace: string, runs: readonly string[]) =>
        location.assign(this.addresses.compare(workspace, runs)),
      targets: (workspace: string) => location.assign(this.addresses.targets(workspace)),
      href: (key: RunKey) => this.addresses.run(key),
    };
    this.dialogs = new PageDialogs(this.bar, translate);
    this.actions = new RunActions(this.api, this.dialogs, places, translate, language);
  }

  /** Show the page that the server named. */
  async start(): Promise<void> {
    const { page: kind, workspace = '', run = '' } = this.data;
    document.body.prepend(this.bar);
    try {
      if (kind === 'run') await this.showRun({ workspace, run });
      else if (kind === 'compare') await this.showComparison(workspace);
      else if (kind === 'targets') await this.showTargets(workspace);
      else await this.showList();
    } catch (error) {
      this.say(this.locale.page.stale); // a part that can't be loaded any more: the server was updated
      throw error;
    }
    const words = serverWords(this.locale.translate);
    const problem = await findProblem(this.api, VERSION, words);
    if (problem) this.say(problem.message);
  }

  private say(text: string): void {
    this.bar.append(h('div', { class: 'cellrun-alert', role: 'note' }, ...withCode(text)));
  }

  private async showRun(key: RunKey): Promise<void> {
    const { RunPage } = await import('../page/run_page');
    const { words, page: texts, translate } = this.locale;
    const sources = new RunSources(this.api, this.connection, serverWords(translate));
    const { source } = sources.share(key);
    const page = new RunPage(source, this.api, key, {
      tab: tabOf(location.hash),
      actions: () => this.actions,
      stream: this.connection,
      frameUrl: `${this.data.baseUrl ?? '/'}cellrun/static/frame.html`,
      openRun: run => location.assign(this.addresses.run({ ...key, run })),
      tabChanged: tab => {
        if (tab !== tabOf(location.hash)) history.pushState(null, '', this.addresses.run(key, tab));
      },
      headerChanged: ({ name, status }) => {
        document.title = fill(texts.title, { name, status: words.status[status] });
        showInTab(status);
      },
    });
    addEventListener('popstate', () => page.openTab(tabOf(location.hash)));
    this.main.append(page.element);
  }

  private async showComparison(workspace: string): Promise<void> {
    const { CompareView } = await import('../compare/compare_view');
    const { page, format, translate } = this.locale;
    const runs = JSON.parse(this.data.runs ?? '[]') as string[];
    const title = (count: number): string => fill(page.compareTitle, { n: format.count(count) });
    const view = new CompareView(this.api, this.connection, workspace, runs, {
      translate,
      openRun: run => location.assign(this.addresses.run({ workspace, run })),
      changed: now => {
        history.replaceState(null, '', this.addresses.compare(workspace, now));
        document.title = title(now.length);
      },
    });
    document.title = title(runs.length);
    this.main.append(view.element);
  }

  private async showTargets(workspace: string): Promise<void> {
    const { TargetsView } = await import('../targets/targets_view');
    const { translate, language } = this.locale;
    const { dialogs } = this;
    const view = new TargetsView(this.api, workspace, { dialogs, translate, language });
    document.title = view.title;
    this.main.append(view.element);
  }

  private async showList(): Promise<void> {
    const { RunPanel } = await import('../panel/run_panel');
    const { api, connection, actions } = this;
    const { page, translate, language } = this.locale;
    const asked = new URLSearchParams(location.search);
    const [workspace, experiment] = [asked.get('workspace'), asked.get('experiment')];
    const state = {
      ...(workspace === null ? {} : { workspace }),
      ...(experiment === null ? {} : { filter: `experiment:${experiment}` }),
    };
    const panel = new RunPanel({ api, connection, actions, translate, language, state });
    document.title = page.runs;
    this.main.append(panel.element);
  }

  /** What stands above every page. */
  private makeBar(): HTMLElement {
    const { page, language } = this.locale;
    const home = h('a', { class: 'cellrun-link', href: this.addresses.list }, page.allRuns);
    const parts = [h('b', {}, 'cellrun'), ...(this.data.page === 'list' ? [] : [home])];
    const bar = h('header', { class: 'cellrun cellrun-portal-bar', lang: language });
    bar.append(h('style', {}, css), h('nav', { 'aria-label': 'cellrun' }, ...parts));
    const themed = (): void => void (bar.dataset.theme = isDark(bar) ? 'dark' : 'light');
    watchTheme(themed);
    themed();
    return bar;
  }
}
