import type { Context } from './context';

/** A part of a run's page. */
export type PageTab = 'metrics' | 'log' | 'details' | 'outputs' | 'code';

/** What the surroundings of a view can do for it. What they can't isn't offered. */
export interface ViewActions {
  /** Show the run in a tab or page of its own. */
  open?(): void;
  /** Submit the run again. */
  again?(): Promise<void> | void;
  /** Show a part of the run's page. */
  openTab?(tab: PageTab): void;
  /** How many files the run has put out. */
  countOutputs?(): Promise<number>;
  /** Draw a figure by the whole plotly. */
  readonly fullFigure?: Context['fullFigure'];
  /** Where the whole log can be downloaded. */
  readonly logUrl?: string;
}
