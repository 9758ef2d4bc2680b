import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ITranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Places } from '../actions/places';
import { RunActions } from '../actions/run_actions';
import { LabDialogs } from './dialogs';
import type { IRunServer } from './tokens';
import { languageOf, translateOf } from './translation';

const made = new WeakMap<JupyterFrontEnd, RunActions>();

/** What can be done with runs in JupyterLab: the same for all its parts, so that each hears of what is done in others. */
export function labActions(
  app: JupyterFrontEnd,
  server: IRunServer,
  translator: ITranslator | null,
): RunActions {
  const actions = made.get(app) ?? makeActions(app, server, translator);
  made.set(app, actions);
  return actions;
}

/** With JupyterLab's dialogs, and its commands for places to go to. */
function makeActions(app: JupyterFrontEnd, server: IRunServer, translator: ITranslator | null): RunActions {
  const translate = translateOf(translator);
  const dialogs = new LabDialogs(translate);
  const execute = (command: string, args: ReadonlyPartialJSONObject): void => {
    app.commands.execute(command, args).catch((error: unknown) => dialogs.tell(String(error), 'error'));
  };
  const places: Places = {
    open: (key, tab) => execute('cellrun:open-run', { ...key, ...(tab ? { tab } : {}) }),
    compare: (workspace, runs) => execute('cellrun:compare', { workspace, runs: [...runs] }),
    targets: workspace => execute('cellrun:targets', { workspace }),
    jumpToCell: key => execute('cellrun:jump-to-cell', { ...key }),
  };
  return new RunActions(server.api, dialogs, places, translate, languageOf(translator));
}
