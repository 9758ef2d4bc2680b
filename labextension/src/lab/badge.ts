import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import { badgeWords } from '../badge/words';
import { KnownRuns } from '../badge/known_runs';
import { serverWords } from '../server/words';
import css from '../style/badge.css?inline';
import { h } from '../view/dom';
import { Format } from '../view/format';
import { wordsIn } from '../view/words';
import { jumpCommand } from './jump_to_cell';
import { NotebookBadges, type SharedHost } from './notebook_badges';
import { ServerPaths } from './server_paths';
import { IRunServer } from './tokens';
import { languageOf, translateOf } from './translation';

/** A run that a cell has just started is in the list a moment later. */
const FIND_AFTER_MS = 500;

/** Shows at each cell how its run goes, and finds the cell of a run. */
export const badge: JupyterFrontEndPlugin<void> = {
  id: 'cellrun:badge',
  description: "Shows at a notebook's cells how their runs go.",
  autoStart: true,
  requires: [IRunServer, INotebookTracker],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    server: IRunServer,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
  ): void => {
    const translate = translateOf(translator);
    const language = languageOf(translator);
    const words = badgeWords(translate);
    const locale = { badge: words, words: wordsIn(language), format: new Format(language) };
    jumpCommand(app, server, notebooks, words);
    void server.ready.then(async problem => {
      if (problem) return; // without the server there is nothing to show; an output says what is wrong
      const paths = await ServerPaths.of(server);
      document.head.append(h('style', { data: { cellrun: 'badge' } }, css));
      const host: SharedHost = {
        runs: new KnownRuns(server.api, server.connection),
        locale,
        open: key => void app.commands.execute('cellrun:open-run', { ...key }),
        noCellrun: serverWords(translate).noCellrunInKernel,
      };
      const { contents } = app.serviceManager;
      show(notebooks, host, path => paths.absolute(contents, path));
    });
  },
};

/** Give each notebook its badges, those that are open and those that will be. */
function show(notebooks: INotebookTracker, host: SharedHost, pathOf: (path: string) => string | null): void {
  const shown = new Map<NotebookPanel['content'], NotebookBadges>();
  const begin = (panel: NotebookPanel): void => {
    void panel.context.ready.then(() => {
      if (panel.isDisposed) return;
      shown.set(panel.content, new NotebookBadges(panel, host, pathOf));
      panel.disposed.connect(() => shown.delete(panel.content));
    });
  };
  notebooks.forEach(begin);
  notebooks.widgetAdded.connect((_tracker, panel) => begin(panel));
  NotebookActions.executed.connect((_actions, { notebook }) => {
    setTimeout(() => shown.get(notebook)?.find(), FIND_AFTER_MS);
  });
}
