/** What the place of a view can do for it: an interface. */

import type { Status } from '../data/protocol';
import type { Locale } from './locale';

/** A part of a run's page. */
export type PageTab = 'metrics' | 'log' | 'children' | 'details' | 'outputs' | 'code';

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
  /** Follow the child runs of the run: `told` hears how many have each status, at once and at every change. Returns how to end that. */
  followChildren?(told: (counts: ReadonlyMap<Status, number>) => void): () => void;
  /** Put code into a new cell below the one that an element is in, and go there; false where there is none. */
  insertCell?(code: string, from: Element): boolean;
  /** Draw a figure by the whole plotly. */
  readonly fullFigure?: Locale['fullFigure'];
  /** A file of the run, however large. */
  readFile?(path: string): Promise<Uint8Array>;
  /** A text in Markdown or LaTeX, by its MIME type, as HTML. */
  toHtml?(mime: string, text: string): Promise<string>;
  /** Where frames come from (`FrameOptions`). */
  readonly frameUrl?: string | undefined;
  /** Where the whole log can be downloaded, of a distributed run that of a rank. */
  logUrl?(rank: number): string;
}
