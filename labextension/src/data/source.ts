/** Where a view's data comes from: an interface. */

import type { RankLogPart } from '../server/api';
import type { MetricColumns, MetricQuery } from '../server/openapi';
import type { LogBuffer } from './log_buffer';
import type { Header } from './protocol';
import type { Change, RunState } from './run_state';

/** What a view hears: that the state changed, and where. */
export type Listener = (change: Change) => void;

/** A connection that is to come back. */
export interface Disconnected {
  /** Why, and what to do about it, for the reader. */
  readonly message: string;
  /** Try at once. */
  retry(): void;
}

/** Lines of a log that hold a text: how many, and at which bytes the last of them begin. */
export interface LogHits {
  readonly count: number;
  readonly lines: readonly number[];
  /** Which lines of the log these are, from 0, and how many were looked through. */
  readonly numbers: readonly number[];
  readonly ends: number;
}

/** Where a log comes from: the run's, or another one of a distributed run's. */
export interface LogSource {
  readonly state: { readonly log: LogBuffer; readonly header: Header | null };
  /** Whose log it is, of a distributed run's processes; the run's is that of the first. */
  readonly rank?: number;
  /** Ask for log bytes before those that are held. Asking again while they are on their way does nothing. */
  readOlderLog(): void;
  /** The lines before byte `end` of the log that hold a text, in any case; where the other side can look, until `over`. */
  readonly searchLog?: ((text: string, end: number, over: AbortSignal) => Promise<LogHits>) | undefined;
  /** Bytes `start` to `end` of the log; where any part of it can be had. */
  readonly readLog?: ((start: number, end: number) => Promise<Uint8Array>) | undefined;
}

/** Where a view's data comes from. A view draws `state`; how it is kept up to date is the source's matter. */
export interface RunSource {
  readonly state: RunState;
  /** Who is at the other side. */
  readonly fedBy: 'kernel' | 'server';
  /** Since when nothing was heard though something should have been (epoch milliseconds); null while all is well. */
  readonly silentSince: number | null;
  /** Whether the other side is gone for good, so that nothing more will come. */
  readonly isLost: boolean;
  /** The last thing that the other side couldn't do, in its words. */
  readonly problem: string | null;
  /** What keeps the other side from being heard for now; null while all is well, or where that can't be known. */
  readonly disconnected: Disconnected | null;
  /** Call `listener` at each change. Returns how to end that. */
  subscribe(listener: Listener): () => void;
  /** Ask for the run to be canceled. */
  cancel(): void;
  /** As a log's source; of another process's log where a rank is named. */
  readOlderLog(): void;
  searchLog?(text: string, end: number, over: AbortSignal, rank?: number): Promise<LogHits>;
  readLog?(start: number, end: number, rank?: number): Promise<Uint8Array>;
  /** What a process of a distributed run has printed: from a byte on, as much as comes at once; its end for null. */
  readRankLog?(rank: number, start: number | null): Promise<RankLogPart>;
  /** Any part of a metric, as exact as asked for; where the other side can tell. */
  readMetric?(query: MetricQuery): Promise<MetricColumns>;
}
