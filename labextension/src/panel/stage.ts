import type { Status } from '../data/protocol';

/** How far a run is, coarsely: what a footer counts and a filter asks for. */
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

/** Every status, in the order of a run's life. */
export const STATUSES = Object.keys(STAGES) as readonly Status[];

export function stageOf(status: Status): Stage {
  return STAGES[status];
}

export function statusesOf(stage: Stage): readonly Status[] {
  return STATUSES.filter(status => STAGES[status] === stage);
}
