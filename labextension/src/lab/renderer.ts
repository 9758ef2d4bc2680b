import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';
import { MIME_TYPE } from '../output/reference';
import { serverWords } from '../server/words';
import { labActions } from './actions';
import { loadPart } from './load_part';
import { widgetRuns } from './provider';
import { insertCell } from './notebook_cells';
import { RenderedRun, type LabOutputHost } from './rendered_run';
import { IRunServer } from './tokens';
import { translateOf } from './translation';
import { viewActions } from './view_actions';

/** Before ipywidgets' -10: the output's widget is one of the ways to show the run, and not the first. */
const RANK = -20;

/** Shows the run of an output: from the server, else from its kernel, else as it was saved. */
export const renderer: JupyterFrontEndPlugin<void> = {
  id: 'cellrun:renderer',
  description: 'Shows runs in the outputs of notebooks and consoles, with a kernel or without.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IRunServer],
  optional: [ITranslator, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    server: IRunServer,
    translator: ITranslator | null,
    notebooks: INotebookTracker | null,
  ): void => {
    const translate = translateOf(translator);
    const actions = labActions(app, server, translator);
    const host: LabOutputHost = {
      ready: server.ready,
      sources: server.sources,
      widgets: widgetRuns,
      words: serverWords(translate),
      onRepeat: listener =>
        actions.onChange(({ workspace, rows: [made], repeats }) => {
          if (made && repeats !== undefined) listener({ workspace, run: repeats }, made);
        }),
      view: async (key, source) => {
        const parts = Promise.all([
          import('../view/run_view'),
          import('../page/figure_frame'),
          import('../page/child_runs'),
        ]);
        const [{ RunView }, { figureFrame }, { ChildRuns }] = await loadPart(() => parts, translate);
        return new RunView(source, {
          ...viewActions(actions, server.api, key),
          followChildren: told => {
            const runs = new ChildRuns(server.api, server.connection, key, () => told(runs.counts));
            return () => runs.dispose();
          },
          fullFigure: figure => figureFrame(figure, server.api),
          insertCell: (code, from) => notebooks !== null && insertCell(notebooks, code, from),
        });
      },
    };
    rendermime.addFactory(
      { safe: true, mimeTypes: [MIME_TYPE], createRenderer: () => new RenderedRun(host, rendermime) },
      RANK,
    );
  },
};
