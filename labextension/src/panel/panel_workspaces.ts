/** The workspaces that the list can show, and which it shows. */

import { ServerError, type Api } from '../server/api';
import type { Workspace } from '../server/openapi';

/** The default workspace's other name, which it has before it is made. */
const DEFAULT = 'default';
/** How often it is looked whether there are other workspaces. */
const AGAIN_MS = 30_000;
/** How soon it is looked again when the reader turns to the list. */
const SOON_MS = 1000;

/** What the list of workspaces changes. */
export interface WorkspacesListener {
  /** Another workspace is to be shown. */
  show(workspace: string): void;
  /** There may be others to choose from. */
  listed(workspaces: readonly Workspace[], current: string): void;
}

/** Whether several workspaces have a name: then it takes more to tell which is meant. */
export function hasNamesake(name: string, all: readonly Workspace[]): boolean {
  return all.filter(one => one.name === name).length > 1;
}

/** Which workspace is shown, and which there are. */
export class PanelWorkspaces {
  current = '';
  /** Why it isn't known which there are, while none is shown. */
  problem: string | null = null;
  private all: readonly Workspace[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The question on its way: an older answer never comes after a newer one. */
  private asked: Promise<void> | null = null;
  private answeredAt = -Infinity;
  /** When it is asked again after the answer. */
  private pause = AGAIN_MS;
  private isDisposed = false;

  constructor(
    private readonly api: Pick<Api, 'workspaces'>,
    private readonly listener: WorkspacesListener,
  ) {}

  /** The one that is shown: its name, and what `Workspace.get` takes; null: it is the default one, or isn't known yet. */
  get named(): { readonly name: string; readonly toGet: string } | null {
    const shown = this.all.find(({ id }) => id === this.current);
    if (!shown || shown === this.all[0]) return null; // the default one is the first
    return { name: shown.name, toGet: hasNamesake(shown.name, this.all) ? shown.id : shown.name };
  }

  /** Begin with the workspace of the last time, which needs no list; else with that of the latest run. */
  open(last: string | undefined): Promise<void> {
    if (this.current === '' && last !== undefined) this.choose(last);
    return this.refresh();
  }

  choose(workspace: string): void {
    this.current = workspace;
    this.listener.show(workspace);
  }

  /** The reader turns to the list: a workspace that a notebook has just made is to be among the others. */
  turnedTo(): void {
    if (this.asked) this.pause = SOON_MS;
    else if (this.current !== '') this.refreshAfter(this.answeredAt + SOON_MS - performance.now());
  }

  refresh(): Promise<void> {
    clearTimeout(this.timer);
    this.asked ??= this.look().finally(() => {
      this.asked = null;
      this.answeredAt = performance.now();
      this.refreshAfter(this.pause);
      this.pause = AGAIN_MS;
    });
    return this.asked;
  }

  dispose(): void {
    this.isDisposed = true;
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    try {
      const workspaces = await this.api.workspaces();
      if (this.isDisposed) return;
      this.problem = null;
      const latest = [...workspaces].sort((a, b) => (b.latest_at ?? 0) - (a.latest_at ?? 0))[0];
      const isThere = this.current === DEFAULT || workspaces.some(({ id }) => id === this.current);
      if (!isThere && latest) this.choose(latest.id);
      this.all = workspaces;
      this.listener.listed(workspaces, this.current);
    } catch (error) {
      // Without a list, what is shown stays shown.
      if (this.current === '') this.problem = error instanceof ServerError ? error.message : String(error);
    }
  }

  private refreshAfter(ms: number): void {
    clearTimeout(this.timer);
    if (!this.isDisposed) this.timer = setTimeout(() => void this.refresh(), ms);
  }
}
