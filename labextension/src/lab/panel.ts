import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator } from '@jupyterlab/translation';
import { translated } from '../i18n/translate';
import { readPanelState } from '../panel/panel_state';
import { labActions } from './actions';
import { runsIcon } from './icons';
import { loadPart } from './load_part';
import { PanelWidget, type PanelContent } from './panel_widget';
import { IRunServer } from './tokens';
import { languageOf, translateOf } from './translation';

const SHOW = 'cellrun:show-panel';
const STATE = 'cellrun:panel';
/** Below files and running kernels, above the extensions. */
const RANK = 300;

const ENGLISH = { title: 'Runs', show: 'Show the runs' };

/** The list of runs in the side bar. */
export const panel: JupyterFrontEndPlugin<void> = {
  id: 'cellrun:panel',
  description: "Lists the runs of the user's workspaces in the side bar.",
  autoStart: true,
  requires: [IRunServer],
  optional: [ITranslator, IStateDB, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    server: IRunServer,
    translator: ITranslator | null,
    states: IStateDB | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
  ): void => {
    const words = translated(ENGLISH, translateOf(translator));
    const widget = new PanelWidget(words.title, () => loadPanel(app, server, translator, states));
    app.shell.add(widget, 'left', { rank: RANK });
    restorer?.add(widget, widget.id);
    app.commands.addCommand(SHOW, {
      label: words.show,
      icon: runsIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => app.shell.activateById(widget.id),
    });
    palette?.addItem({ command: SHOW, category: 'cellrun' });
  },
};

/** Return the panel as it was left; where the server can't be used, why. Another version of it mostly can. */
async function loadPanel(
  app: JupyterFrontEnd,
  server: IRunServer,
  translator: ITranslator | null,
  states: IStateDB | null,
): Promise<PanelContent> {
  const problem = await server.ready;
  const note = problem?.message ?? null;
  if (problem && problem.kind !== 'version') return { panel: null, note };
  const translate = translateOf(translator);
  const loading = loadPart(() => import('../panel/run_panel'), translate);
  const [{ RunPanel }, kept] = await Promise.all([loading, states?.fetch(STATE)]);
  const panel = new RunPanel({
    api: server.api,
    connection: server.connection,
    actions: labActions(app, server, translator),
    translate,
    language: languageOf(translator),
    state: readPanelState(kept),
    onState: state => void states?.save(STATE, { ...state }),
  });
  return { panel, note };
}
