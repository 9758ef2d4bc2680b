import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import { translated } from '../i18n/translate';
import { latestWorkspace } from './latest_workspace';
import { TargetsTab } from './targets_tab';
import { IRunServer } from './tokens';
import { languageOf, translateOf } from './translation';

/**
 * Shows a workspace's targets in a tab of the main area, or of the browser where there is but one: `{workspace}`; without
 * it those of the workspace that was worked in last.
 */
const TARGETS = 'cellrun:targets';

const ENGLISH = { title: 'Targets', show: 'Show the targets' };

/** Targets in tabs of the main area: one tab a workspace, there again after a reload. */
export const targets: JupyterFrontEndPlugin<void> = {
  id: 'cellrun:targets',
  description:
    'Shows where runs can be started, and attaches and detaches targets, in a tab of the main area.',
  autoStart: true,
  requires: [IRunServer],
  optional: [ILabShell, ILayoutRestorer, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    server: IRunServer,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
  ): void => {
    const translate = translateOf(translator);
    const words = translated(ENGLISH, translate);
    const tracker = new WidgetTracker<TargetsTab>({ namespace: 'cellrun-targets' });
    app.commands.addCommand(TARGETS, {
      label: words.show,
      execute: async args => {
        const workspace =
          typeof args.workspace === 'string' && args.workspace !== '' // a list that isn't loaded yet has none
            ? args.workspace
            : (await latestWorkspace(server.api)) || 'default';
        if (!shell) {
          window.open(server.pages.targets(workspace), '_blank', 'noopener');
          return;
        }
        let tab = tracker.find(one => one.workspace === workspace);
        if (!tab) {
          tab = new TargetsTab(server, workspace, words.title, translate, languageOf(translator));
          shell.add(tab, 'main');
          await tracker.add(tab);
        }
        shell.activateById(tab.id);
      },
    });
    palette?.addItem({ command: TARGETS, category: 'cellrun' });
    if (shell && restorer) {
      void restorer.restore(tracker, {
        command: TARGETS,
        args: ({ workspace }) => ({ workspace }),
        name: ({ workspace }) => workspace,
      });
    }
  },
};
