import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import { WidgetRuns } from '../data/widget_runs';
import { IRunServer } from './tokens';
import { languageOf, translateOf } from './translation';

declare const VERSION: string;

/** The runs that the widgets of this page tell of. */
export const widgetRuns = new WidgetRuns();

/** Offers the view's code to the widgets of a page, so that it isn't sent through the kernel. */
export const provider: JupyterFrontEndPlugin<void> = {
  id: 'cellrun:provider',
  description: 'Brings the live view of a run, its chart library included, to widgets.',
  autoStart: true,
  optional: [IRunServer, ITranslator],
  activate: (_app: JupyterFrontEnd, server: IRunServer | null, translator: ITranslator | null): void => {
    globalThis.cellrun = {
      version: VERSION,
      language: languageOf(translator),
      translate: translateOf(translator),
      widgets: widgetRuns,
      isServed: server?.ready.then(problem => problem === null) ?? Promise.resolve(false),
      load: () => import('../widget'),
    };
  },
};
