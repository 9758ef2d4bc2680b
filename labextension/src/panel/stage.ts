/** A status in coarser terms (queued, running, done), and how long a run took. */

import { isTerminal, type Status } from '../data/protocol';
import type { Row } from '../server/openapi';

/** How far a run is, coarsely: what a filter asks for and an experiment counts. */
export type Stage = 'queued' | 'running' | 'done';

const STAGES: Readonly<Record<Status, Stage>> = {
  NotStarted: 'queued',
  Preparing: 'queued',
  Queued: 'queued',
  Starting: 'queued',
  Running: 'running',
  Finalizing: 'running',
  CancelRequested: 'running',
  NotResponding: 'running',
  Completed: 'done',
  Failed: 'done',
  Canceled: 'done',
  Damaged: 'done',
};

/** What a footer counts: how far a run is, and once it is over, how it ended. */
export type Count = Exclude<Stage, 'done'> | 'completed' | 'failed' | 'canceled' | 'damaged';

/** Every status, in the order of a run's life. */
export const STATUSES = Object.keys(STAGES) as readonly Status[];

export function stageOf(status: Status): Stage {
  return STAGES[status];
}

export function countOf(status: Status): Count {
  const stage = STAGES[status];
  return stage === 'done' ? (status.toLowerCase() as Count) : stage;
}

/** How long a run took or takes, in seconds; null before it has begun. */
export function elapsedOf({ status, started_at: start, ended_at: end }: Row): number | null {
  if (start === null) return null;
  return (isTerminal(status) ? (end ?? start) : Date.now() / 1000) - start;
}

export function statusesOf(stage: Stage): readonly Status[] {
  return STATUSES.filter(status => STAGES[status] === stage);
}
