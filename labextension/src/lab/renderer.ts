import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';
import { MIME_TYPE } from '../output/reference';
import { serverWords } from '../server/words';
import { labActions } from './actions';
import { loadPart } from './lazy';
import { widgetRuns } from './provider';
import { RenderedRun, type OutputPlace } from './rendered_run';
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
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    server: IRunServer,
    translator: ITranslator | null,
  ): void => {
    const translate = translateOf(translator);
    const actions = labActions(app, server, translator);
    const around: OutputPlace = {
      ready: server.ready,
      sources: server.sources,
      widgets: widgetRuns,
      words: serverWords(translate),
      onRepeat: listener =>
        actions.onChange(({ workspace, rows: [made], repeats }) => {
          if (made && repeats !== undefined)
            listener({ workspace, run: repeats }, { workspace, run: made.id });
        }),
      view: async (key, source) => {
        const { RunView } = await loadPart(() => import('../view/run_view'), translate);
        return new RunView(source, viewActions(actions, server.api, key));
      },
    };
    rendermime.addFactory(
      { safe: true, mimeTypes: [MIME_TYPE], createRenderer: () => new RenderedRun(around, rendermime) },
      RANK,
    );
  },
};
