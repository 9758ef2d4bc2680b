import { Signal, type ISignal } from '@lumino/signaling';
import type { RunActions } from '../actions/run_actions';
import type { Shared } from '../data/run_sources';
import type { Header } from '../data/protocol';
import type { RunPage } from '../page/run_page';
import type { RunKey } from '../server/api';
import type { PageTab } from '../view/actions';
import { languageOf, translateOfPage } from '../view/language';
import { wordsIn } from '../view/words';
import { runsIcon } from './icons';
import { loadPart } from './load_part';
import { MainTab } from './main_tab';
import { runIcon } from './run_icon';
import type { IRunServer } from './tokens';

/** A run in a tab of the main area. Its page's code is loaded with the first one that is shown. */
export class RunTab extends MainTab {
  private readonly changed = new Signal<this, PageTab>(this);
  private page: RunPage | null = null;
  private shared: Shared | null = null;

  constructor(
    private readonly server: IRunServer,
    readonly key: RunKey,
    private shown: PageTab,
    private readonly actions: RunActions,
    name = key.run,
  ) {
    super(`cellrun-run-${key.workspace}-${key.run}`);
    this.title.label = name;
    this.title.icon = runsIcon; // until its state is known; the shell styles a tab by what it has when it is added
    this.load().catch((error: unknown) => this.say(error));
  }

  /** Which part of the run is shown. */
  get tab(): PageTab {
    return this.shown;
  }

  /** Another part is shown. */
  get tabChanged(): ISignal<this, PageTab> {
    return this.changed;
  }

  /** Show a part of the run. */
  openTab(tab: PageTab): void {
    this.shown = tab;
    this.page?.openTab(tab);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.page?.dispose();
    this.shared?.release();
    super.dispose();
  }

  private async load(): Promise<void> {
    const part = loadPart(() => import('../page/run_page'), translateOfPage());
    const [{ RunPage: Page }, problem] = await Promise.all([part, this.server.ready]);
    if (problem) this.say(problem.message);
    else if (!this.isDisposed) this.present(Page);
  }

  private present(Page: typeof RunPage): void {
    const { api, connection, sources } = this.server;
    this.shared = sources.share(this.key);
    this.page = new Page(this.shared.source, api, this.key, {
      tab: this.shown,
      actions: () => this.actions,
      stream: connection,
      tabChanged: tab => {
        this.shown = tab;
        this.changed.emit(tab);
      },
      headerChanged: header => this.name(header),
      openRun: run => this.actions.places.open?.({ ...this.key, run }),
    });
    this.node.append(this.page.element);
  }

  /** Say in the tab's title which run it is and how it goes. */
  private name({ name, experiment, status }: Header): void {
    this.title.label = name;
    this.title.caption = `${name} · ${experiment} · ${wordsIn(languageOf()).status[status]}`;
    this.title.icon = runIcon(status).bindprops({ stylesheet: 'mainAreaTab' }); // as the shell does
  }
}
