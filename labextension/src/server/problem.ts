/** Why a page can't use the server: none there, no extension, another protocol. */

import { fill } from '../i18n/fill';
import { ServerError, type Api } from './api';
import { PROTOCOL } from './stream_messages';
import type { ServerWords } from './words';

/** Why a page can't use the server, in a sentence that says what to do. */
export interface ServerProblem {
  /** `version`: most of it works all the same. */
  readonly kind: 'missing' | 'version' | 'protocol' | 'denied';
  readonly message: string;
}

/** Ask the server who it is. Null: it can be used, or nothing answers for now, which the connection will say. */
export async function findProblem(
  api: Api,
  version: string,
  words: ServerWords,
): Promise<ServerProblem | null> {
  try {
    const server = await api.version();
    if (server.protocol !== PROTOCOL) {
      const numbers = { server: String(server.protocol), page: String(PROTOCOL) };
      return { kind: 'protocol', message: fill(words.olderServer, numbers) };
    }
    if (server.version === version) return null;
    return { kind: 'version', message: fill(words.versions, { server: server.version, page: version }) };
  } catch (error) {
    if (!(error instanceof ServerError)) return { kind: 'missing', message: words.missing }; // not our JSON
    if (error.status === 404) return { kind: 'missing', message: words.missing };
    if (error.status === 401 || error.status === 403) return { kind: 'denied', message: words.deniedFirst };
    return null;
  }
}
