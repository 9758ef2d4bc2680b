import type { Change, RunState } from './run_state';

/** What a view hears: that the state changed, and where. */
export type Listener = (change: Change) => void;

/** Where a view's data comes from. A view draws `state`; how it is kept up to date is the source's matter. */
export interface RunSource {
  readonly state: RunState;
  /** Since when nothing was heard though something should have been (epoch milliseconds); null while all is well. */
  readonly silentSince: number | null;
  /** Whether the other side is gone for good, so that nothing more will come. */
  readonly isLost: boolean;
  /** The last thing that the other side couldn't do, in its words. */
  readonly problem: string | null;
  /** Call `listener` at each change. Returns how to end that. */
  subscribe(listener: Listener): () => void;
  /** Ask for the run to be canceled. */
  cancel(): void;
  /** Ask for log bytes before those that are held. Asking again while they are on their way does nothing. */
  readOlderLog(): void;
}
