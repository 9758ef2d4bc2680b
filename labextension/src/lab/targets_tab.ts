import type { Translate } from '../i18n/translate';
import type { TargetsView } from '../targets/targets_view';
import { LabDialogs } from './dialogs';
import { runsIcon } from './icons';
import { loadPart } from './load_part';
import { MainTab } from './main_tab';
import type { IRunServer } from './tokens';

let count = 0;

/** A workspace's targets in a tab of the main area. Its code is loaded with the first one that is shown. */
export class TargetsTab extends MainTab {
  private view: TargetsView | null = null;

  constructor(
    private readonly server: IRunServer,
    readonly workspace: string,
    title: string,
    private readonly translate: Translate,
    private readonly language: string,
  ) {
    super(`cellrun-targets-${++count}`);
    this.title.icon = runsIcon;
    this.title.label = title;
    this.load().catch((error: unknown) => this.say(error));
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.view?.dispose();
    super.dispose();
  }

  private async load(): Promise<void> {
    const { translate, language } = this;
    const [{ TargetsView: View }, problem] = await Promise.all([
      loadPart(() => import('../targets/targets_view'), translate),
      this.server.ready,
    ]);
    if (this.isDisposed) return;
    if (problem) {
      this.say(problem.message);
      return;
    }
    const dialogs = new LabDialogs(translate);
    const { label } = this.title;
    const named = (workspace: string): void => {
      this.title.label = `${label} · ${workspace}`;
    };
    this.view = new View(this.server.api, this.workspace, { dialogs, translate, language, named });
    this.node.append(this.view.element);
  }
}
