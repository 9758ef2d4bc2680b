/**
 * How the view's code gets into a page once, however many widgets are on it.
 *
 * anywidget sends a widget's `_esm` with every widget, so that is a loader of a few kB (`loader.ts`). The view itself,
 * with the chart library, comes from the JupyterLab extension if it is of the same version, else once over a comm.
 */

import type { Translate } from './i18n/translate';
import type { Model } from './data/comm_source';
import type { FromKernel, WireBuffer } from './data/protocol';
import type { WidgetRuns } from './data/widget_runs';

/** A message that came before the view's code did. */
export type EarlyMessage = readonly [FromKernel, WireBuffer[]];

/** A run that is followed for one widget. */
export interface Followed {
  /** Show it in `el`, as often as it is displayed. Returns how to take it away. */
  show(el: HTMLElement): () => void;
  stop(): void;
}

/** What the view's module exports. */
export interface ViewModule {
  /** Follow the run of a model, from the messages on that came before this code did. */
  follow(model: Model, early: readonly EarlyMessage[]): Followed;
}

/** What the JupyterLab extension offers to widgets. A widget's loader may be of another version. */
export interface Provider {
  readonly version: string;
  /** Where a widget says which run it tells of, so that an output can show it without being a widget. */
  readonly widgets: WidgetRuns;
  /** Whether the page has its runs from the server, so that the kernel needs to send nothing. */
  readonly isServed: Promise<boolean>;
  /** The language of JupyterLab's user interface, BCP 47. */
  readonly language: string;
  /** JupyterLab's own translation of our texts, where it has one. */
  readonly translate?: Translate;
  load(): Promise<ViewModule>;
}

/** The view's code that came over a comm, or is on its way, by version. */
export interface Delivery {
  readonly module: Promise<ViewModule>;
  /** Take in the code: a script, or one that is gzipped. */
  readonly deliver: (script: Uint8Array, gzipped: boolean) => void;
}

declare global {
  var cellrun: Provider | undefined;
  var cellrunDeliveries: Map<string, Delivery> | undefined;
}
