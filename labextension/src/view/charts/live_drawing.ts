/** Draws a view again when its run changed, if it is in sight. */

import type { Change } from '../../data/run_state';
import type { RunSource } from '../../data/source';
import { Redraw } from '../redraw';
import { isDark, watchTheme } from '../theme';

/** What has changed since the last drawing. */
export interface Dirty {
  header: boolean;
  readonly metrics: Set<string>;
  images: boolean;
  log: boolean;
}

/** Has a run's element drawn when its source changed: at most ten times a second, and only while some of it is in sight. */
export class LiveDrawing {
  private readonly dirty: Dirty = { header: true, metrics: new Set(), images: true, log: true };
  private readonly redraw: Redraw;
  private readonly ends: (() => void)[];
  private visible = false;

  /** `draw` is told what changed; afterwards nothing counts as changed. */
  constructor(
    private readonly element: HTMLElement,
    source: RunSource,
    private readonly draw: (dirty: Readonly<Dirty>) => void,
  ) {
    this.redraw = new Redraw(() => this.drawNow());
    for (const name of source.state.metrics.keys()) this.dirty.metrics.add(name);
    this.ends = [source.subscribe(this.changed), watchTheme(this.themed), this.watchSight()];
  }

  /** Draw soon, whatever changed. */
  request(): void {
    if (this.visible) this.redraw.request();
  }

  dispose(): void {
    for (const end of this.ends) end();
    this.redraw.dispose();
  }

  private readonly changed = (change: Change): void => {
    this.dirty.header ||= change.header;
    this.dirty.images ||= change.images;
    this.dirty.log ||= change.log;
    for (const name of change.metrics) this.dirty.metrics.add(name);
    this.request();
  };

  private readonly themed = (): void => {
    this.element.dataset.theme = isDark(this.element) ? 'dark' : 'light';
  };

  private watchSight(): () => void {
    const observer = new IntersectionObserver(entries => {
      this.visible = entries.at(-1)?.isIntersecting ?? false;
      if (!this.visible) return;
      this.themed();
      this.redraw.request();
    });
    observer.observe(this.element);
    return () => observer.disconnect();
  }

  private drawNow(): void {
    if (!this.visible) return; // it was in sight when it was asked to
    this.draw(this.dirty);
    Object.assign(this.dirty, { header: false, images: false, log: false });
    this.dirty.metrics.clear();
  }
}
