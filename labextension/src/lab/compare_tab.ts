import type { CommandRegistry } from '@lumino/commands';
import { Signal, type ISignal } from '@lumino/signaling';
import type { CompareView } from '../compare/compare_view';
import { compareWords, titleOf, type CompareWords } from '../compare/words';
import type { Translate } from '../i18n/translate';
import { runsIcon } from './icons';
import { loadPart } from './load_part';
import { MainTab } from './main_tab';
import type { IRunServer } from './tokens';

let count = 0;

/** A comparison in a tab of the main area. Its code is loaded with the first one that is shown. */
export class CompareTab extends MainTab {
  private readonly changed = new Signal<this, void>(this);
  private readonly words: CompareWords;
  private view: CompareView | null = null;

  constructor(
    private readonly server: IRunServer,
    readonly workspace: string,
    private shown: readonly string[],
    private readonly commands: CommandRegistry,
    private readonly translate: Translate,
  ) {
    super(`cellrun-compare-${++count}`);
    this.words = compareWords(translate);
    this.title.icon = runsIcon;
    this.name();
    this.load().catch((error: unknown) => this.say(error));
  }

  /** The ids of the runs that are compared. */
  get runs(): readonly string[] {
    return this.shown;
  }

  /** Other runs are compared. */
  get runsChanged(): ISignal<this, void> {
    return this.changed;
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.view?.dispose();
    super.dispose();
  }

  private async load(): Promise<void> {
    const [{ CompareView: View }, problem] = await Promise.all([
      loadPart(() => import('../compare/compare_view'), this.translate),
      this.server.ready,
    ]);
    if (this.isDisposed) return;
    if (problem) {
      this.say(problem.message);
      return;
    }
    const { api, connection } = this.server;
    this.view = new View(api, connection, this.workspace, this.shown, {
      openRun: run => void this.commands.execute('cellrun:open-run', { workspace: this.workspace, run }),
      changed: runs => {
        this.shown = runs;
        this.name();
        this.changed.emit();
      },
      translate: this.translate,
    });
    this.node.append(this.view.element);
  }

  private name(): void {
    this.title.label = titleOf(this.shown.length, this.words);
  }
}
