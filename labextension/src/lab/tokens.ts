/** What the extension's plugins offer one another: Lumino tokens and their interfaces. */

import { Token } from '@lumino/coreutils';
import type { RunSources } from '../data/run_sources';
import type { Addresses } from '../portal/address';
import type { Api } from '../server/api';
import type { Connection } from '../server/connection';
import type { ServerProblem } from '../server/problem';

/** The server extension, for all that JupyterLab shows of its runs. */
export interface IRunServer {
  readonly api: Api;
  readonly connection: Connection;
  /** The pages that show the same without JupyterLab. */
  readonly pages: Addresses;
  /** The runs that are shown in this page: one source each, however many views it has. */
  readonly sources: RunSources;
  /** What stands against using the server, once it was asked; null if nothing does. Never rejects. */
  readonly ready: Promise<ServerProblem | null>;
}

export const IRunServer = new Token<IRunServer>(
  'cellrun:IRunServer',
  "The runs of the user's workspaces, from the Jupyter server.",
);
