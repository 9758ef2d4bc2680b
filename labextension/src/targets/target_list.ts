/** The targets of a workspace, asked for again while somebody looks. */

import type { Api } from '../server/api';
import type { Target } from '../server/openapi';

/** What the list asks. */
export type TargetsApi = Pick<
  Api,
  'workspaces' | 'targets' | 'targetKinds' | 'checkTarget' | 'attachTarget' | 'detachTarget' | 'examineTarget'
>;

/** While an answer of a target's is waited for, the list is asked for so often; else so seldom. */
const SOON_MS = 1000;
const SELDOM_MS = 10_000;

/** The targets of a workspace as the server knows them, asked for while somebody looks. */
export class TargetList {
  targets: readonly Target[] = [];
  mayChange = true;
  isLoaded = false;
  /** Why the last list couldn't be had; what was known before stays. */
  problem: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isWatched = false;
  private asks = 0;

  constructor(
    private readonly api: Pick<Api, 'targets'>,
    private readonly workspace: string,
    private readonly changed: () => void,
  ) {}

  /** Whether somebody looks: only then is the server asked. */
  watch(isWatched: boolean): void {
    if (isWatched === this.isWatched) return;
    this.isWatched = isWatched;
    clearTimeout(this.timer);
    if (isWatched) void this.load();
  }

  /** Ask now; with `again` the server asks all targets anew. */
  async load(again = false): Promise<void> {
    const ask = ++this.asks;
    clearTimeout(this.timer);
    try {
      const { targets, may_change } = await this.api.targets(this.workspace, again);
      if (ask !== this.asks) return; // a later one is on its way
      [this.targets, this.mayChange, this.problem, this.isLoaded] = [targets, may_change, null, true];
    } catch (error) {
      if (ask !== this.asks) return;
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.changed();
    const isSoon = this.problem === null && this.targets.some(target => target.is_asked);
    if (this.isWatched) this.timer = setTimeout(() => void this.load(), isSoon ? SOON_MS : SELDOM_MS);
  }

  dispose(): void {
    this.watch(false);
    this.asks++;
  }
}
