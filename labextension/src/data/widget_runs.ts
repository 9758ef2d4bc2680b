/** The runs that the widgets of a page tell of. */

import type { RunKey } from '../server/api';

/** A run that a kernel tells of over a widget's comm, to be shown in any place. */
export interface WidgetRun {
  /** Show it in `el`. Returns how to take it away. */
  show(el: HTMLElement): Promise<() => void>;
}

/** The runs that the widgets of a page tell of, by run: also those that no output shows as a widget. */
export class WidgetRuns {
  private readonly held = new Map<string, WidgetRun[]>();
  private readonly listeners = new Set<() => void>();

  /** Note a run. Returns how to forget it. */
  add(key: RunKey, run: WidgetRun): () => void {
    const name = nameOf(key);
    this.held.set(name, [...(this.held.get(name) ?? []), run]);
    this.tell();
    return () => {
      const left = (this.held.get(name) ?? []).filter(one => one !== run);
      if (left.length > 0) this.held.set(name, left);
      else this.held.delete(name);
      this.tell();
    };
  }

  /** The widget that tells of a run; of several, of kernels one after another, the latest. */
  find(key: RunKey): WidgetRun | undefined {
    return this.held.get(nameOf(key))?.at(-1);
  }

  /** Call `listener` when a run was added or forgotten. Returns how to end that. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

function nameOf({ workspace, run }: RunKey): string {
  return JSON.stringify([workspace, run]);
}
