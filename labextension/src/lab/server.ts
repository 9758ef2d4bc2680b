import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ServerConnection } from '@jupyterlab/services';
import { ITranslator } from '@jupyterlab/translation';
import { RunSources } from '../data/run_sources';
import { Addresses } from '../portal/address';
import { Api } from '../server/api';
import { Connection } from '../server/connection';
import { findProblem } from '../server/problem';
import { serverWords } from '../server/words';
import { IRunServer } from './tokens';
import { translateOf } from './translation';

declare const VERSION: string;

/** Brings the runs of the user's workspaces from the Jupyter server to all that JupyterLab shows of them. */
export const server: JupyterFrontEndPlugin<IRunServer> = {
  id: 'cellrun:server',
  description: 'Asks the Jupyter server for runs, and follows them on one connection.',
  autoStart: true,
  provides: IRunServer,
  optional: [ITranslator],
  activate: (_app: JupyterFrontEnd, translator: ITranslator | null): IRunServer => {
    const settings = ServerConnection.makeSettings();
    const translate = translateOf(translator);
    const api = new Api({
      baseUrl: settings.baseUrl,
      fetch: fetchWith(settings),
      said: async text => (await import('../i18n/said')).said(text, translate),
    });
    const words = serverWords(translate);
    const connection = new Connection(() => api.streamUrl, { ask: () => api.version() });
    return {
      api,
      connection,
      pages: new Addresses(settings.baseUrl),
      sources: new RunSources(api, connection, words),
      ready: findProblem(api, VERSION, words),
    };
  },
};

/** JupyterLab's own way to ask, which knows its token. Its `no-store` would add a parameter of its own to the URL. */
function fetchWith(settings: ServerConnection.ISettings): typeof fetch {
  return (url, init) => ServerConnection.makeRequest(url as string, { ...init, cache: 'no-cache' }, settings);
}
