import { ITranslator } from '@jupyterlab/translation';
import type { IPlugin } from '@lumino/application';

declare const VERSION: string;

/** Offers the view's code to the widgets of a page, so that it doesn't travel through the kernel. */
const provider: IPlugin<unknown, void> = {
  id: 'cellrun:provider',
  description: 'Brings the live view of a run, its chart library included, to widgets.',
  autoStart: true,
  optional: [ITranslator],
  activate: (_app: unknown, translator: ITranslator | null): void => {
    globalThis.cellrun = {
      version: VERSION,
      language: (translator?.languageCode ?? 'en').replace('_', '-'),
      load: () => import('./widget'),
    };
  },
};

export default [provider];
