/** The runs that are shown in a page: one source each, however many views it has. */

import type { Api, RunKey } from '../server/api';
import type { Connection } from '../server/connection';
import type { ServerWords } from '../server/words';
import { ServerSource } from './server_source';

/** A run's source, for one of its views. */
export interface Shared {
  readonly source: ServerSource;
  /** The view is gone. Doing it again does nothing. */
  release(): void;
}

/** After its last view is gone, a source is kept so long: an output that is drawn anew isn't loaded anew. */
const KEEP_MS = 2_000;

/** The runs that are shown in a page: one source each, however many views it has. */
export class RunSources {
  private readonly held = new Map<string, { source: ServerSource; views: number }>();

  constructor(
    private readonly api: Api,
    private readonly connection: Connection,
    private readonly words: ServerWords,
  ) {}

  /** The source of a run, for one more view. */
  share(key: RunKey): Shared {
    const name = JSON.stringify([key.workspace, key.run]);
    const found = this.held.get(name);
    const held = found ?? { source: new ServerSource(this.api, this.connection, key, this.words), views: 0 };
    if (!found) this.held.set(name, held);
    held.views++;
    let isReleased = false;
    return {
      source: held.source,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        held.views--;
        setTimeout(() => this.letGo(name), KEEP_MS);
      },
    };
  }

  private letGo(name: string): void {
    const held = this.held.get(name);
    if (!held || held.views > 0) return;
    this.held.delete(name);
    held.source.dispose();
  }
}
