import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import { actionWords } from '../actions/words';
import type { RunKey } from '../server/api';
import type { PageTab } from '../view/actions';
import { labActions } from './actions';
import { RunTab } from './run_tab_widget';
import { IRunServer } from './tokens';
import { translateOf } from './translation';

/** Shows a run in a tab of the main area, or of the browser where there is but one: `{workspace, run, tab?}`. */
export const OPEN_RUN = 'cellrun:open-run';

/** What the command is given, and what is kept for the next time the page is loaded. */
interface OpenRun extends RunKey {
  readonly tab?: PageTab;
  /** What its tab is called until it is known. */
  readonly name?: string;
}

/** Runs in tabs of the main area: one tab a run, there again after a reload. */
export const runTab: JupyterFrontEndPlugin<void> = {
  id: 'cellrun:run-tab',
  description: 'Shows a run in a tab of the main area.',
  autoStart: true,
  requires: [IRunServer],
  optional: [ILabShell, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    server: IRunServer,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null,
  ): void => {
    const actions = labActions(app, server, translator);
    const { openRun } = actionWords(translateOf(translator));
    const tracker = new WidgetTracker<RunTab>({ namespace: 'cellrun-run' });
    app.commands.addCommand(OPEN_RUN, {
      label: openRun,
      execute: async args => {
        const { workspace, run, tab, name: title } = args as unknown as OpenRun;
        if (!shell) {
          window.open(server.pages.run({ workspace, run }, tab), '_blank', 'noopener');
          return;
        }
        const name = nameOf({ workspace, run });
        let widget = tracker.find(one => nameOf(one.key) === name);
        if (!widget) {
          widget = new RunTab(server, { workspace, run }, tab ?? 'metrics', actions, title);
          const made = widget;
          made.tabChanged.connect(() => void tracker.save(made));
          made.title.changed.connect(() => void tracker.save(made));
          shell.add(made, 'main');
          await tracker.add(made);
        } else if (tab) {
          widget.openTab(tab);
        }
        shell.activateById(widget.id);
      },
    });
    if (shell && restorer) {
      void restorer.restore(tracker, {
        command: OPEN_RUN,
        args: ({ key, tab, title }) => ({ ...key, tab, name: title.label }),
        name: ({ key }) => nameOf(key),
      });
    }
  },
};

function nameOf({ workspace, run }: RunKey): string {
  return `${workspace}:${run}`;
}
