import type { RunKey } from '../server/api';
import type { PageTab } from '../view/actions';

/** Where a page can bring the reader. What is missing isn't offered. */
export interface Places {
  open?(key: RunKey, tab?: PageTab): void;
  compare?(workspace: string, runs: readonly string[]): void;
  /** The targets of a workspace. */
  readonly targets?: (workspace: string) => void;
  jumpToCell?(key: RunKey): void;
  /** The address of a run's page, where it has one. */
  href?(key: RunKey): string;
}
