import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import { compareWords } from '../compare/words';
import { CompareTab } from './compare_tab';
import { latestWorkspace } from './latest_workspace';
import { IRunServer } from './tokens';
import { translateOf } from './translation';

/**
 * Compares runs in a tab of the main area, or of the browser where there is but one: `{workspace, runs}`; without them
 * the latest ones.
 */
const COMPARE = 'cellrun:compare';
/** So many of the latest runs are compared where none are named. */
const LATEST = 4;

/** What the command may be given, and what is kept for the next time the page is loaded. */
interface Compare {
  readonly workspace: string;
  readonly runs: readonly string[];
}

/** Comparisons in tabs of the main area, there again after a reload. */
export const compare: JupyterFrontEndPlugin<void> = {
  id: 'cellrun:compare',
  description: 'Compares runs in a tab of the main area.',
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
    const words = compareWords(translate);
    const tracker = new WidgetTracker<CompareTab>({ namespace: 'cellrun-compare' });
    const open = async (
      shell: ILabShell,
      workspace: string,
      runs: readonly string[],
    ): Promise<CompareTab> => {
      const tab = new CompareTab(server, workspace, runs, app.commands, translate);
      tab.runsChanged.connect(() => void tracker.save(tab));
      shell.add(tab, 'main');
      await tracker.add(tab);
      return tab;
    };
    app.commands.addCommand(COMPARE, {
      label: args => (Array.isArray(args.runs) ? words.compare : words.compareLatest),
      execute: async args => {
        const { workspace, runs } = isNamed(args) ? args : await latest(server);
        if (!shell) {
          window.open(server.pages.compare(workspace, runs), '_blank', 'noopener');
          return;
        }
        const name = nameOf(workspace, runs);
        const tab = tracker.find(one => nameOf(one.workspace, one.runs) === name);
        shell.activateById((tab ?? (await open(shell, workspace, runs))).id);
      },
    });
    palette?.addItem({ command: COMPARE, category: 'cellrun' });
    if (shell && restorer) {
      void restorer.restore(tracker, {
        command: COMPARE,
        args: ({ workspace, runs }) => ({ workspace, runs: [...runs] }),
        name: ({ workspace, runs }) => nameOf(workspace, runs),
      });
    }
  },
};

/** The latest runs of the experiment that was worked on last, in the workspace that was. */
async function latest({ api }: IRunServer): Promise<Compare> {
  const workspace = await latestWorkspace(api);
  if (workspace === '') return { workspace, runs: [] };
  const [newest] = (await api.runs(workspace, { limit: 1 })).runs;
  if (!newest) return { workspace, runs: [] };
  const { runs } = await api.runs(workspace, { experiment: newest.experiment, limit: LATEST });
  return { workspace, runs: runs.map(({ id }) => id) };
}

function isNamed(args: object): args is Compare {
  return 'workspace' in args && 'runs' in args;
}

function nameOf(workspace: string, runs: readonly string[]): string {
  return JSON.stringify([workspace, [...runs].sort()]);
}
