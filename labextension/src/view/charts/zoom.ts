/** The part of x that a chart shows, read again with all its points. */

import { saidHere } from '../said';
import type { Curve } from './curve';
import type { Range } from './axis';

/** Reads the exact points between two values of x. */
export type ReadPart = (from: number, to: number) => Promise<readonly Curve[]>;

/** So much more than is shown is read, at either side. */
const MARGIN = 0.1;

/** Of a metric that grows, the part that is shown is read no more often. */
const READ_AGAIN_MS = 2000;

/** What a zoom has to know of the chart it is in. */
export interface Zoomable {
  readonly rows: number;
  readonly curves: readonly Curve[];
  readonly read?: ReadPart | undefined;
}

/**
 * The part of x that a chart shows, and its exact points.
 *
 * What is held of a long metric is thinned, so a part of it is read again; until that is there, and where it can't be
 * read, what is held is shown.
 */
export class Zoom {
  private shown: Range | null = null;
  private exact: readonly Curve[] | null = null;
  private trouble: string | null = null;
  private readRows = -1;
  private readAt = -Infinity;
  private reading = false;
  private later: ReturnType<typeof setTimeout> | undefined;

  /** `changed` is called when exact points came, or couldn't be read. */
  constructor(private readonly changed: () => void) {}

  /** What is shown of x; null for all of it. */
  get range(): Range | null {
    return this.shown;
  }

  /** Why no exact points can be read; null while they can. */
  get problem(): string | null {
    return this.trouble;
  }

  /** The curves in the part that is shown. */
  curves(of: Zoomable): readonly Curve[] {
    return this.exact ?? of.curves;
  }

  /** Show a part of x, or all of it. */
  to(range: Range | null, of: Zoomable): void {
    this.shown = range;
    this.exact = null;
    this.trouble = null;
    this.readRows = -1;
    this.readAt = -Infinity;
    this.follow(of);
    this.changed();
  }

  dispose(): void {
    clearTimeout(this.later);
  }

  /** Read the exact points again, if there may be others since. */
  follow(of: Zoomable): void {
    if (!this.shown || !of.read || this.reading || this.readRows === of.rows) return;
    const wait = this.readAt + READ_AGAIN_MS - Date.now();
    clearTimeout(this.later);
    if (wait > 0) this.later = setTimeout(() => this.changed(), wait);
    else void this.read(this.shown, of.read, of.rows);
  }

  private async read(range: Range, read: ReadPart, rows: number): Promise<void> {
    this.reading = true;
    this.readRows = rows;
    this.readAt = Date.now();
    try {
      const [from, to] = range;
      const margin = MARGIN * (to - from); // so that lines go on to the chart's edges
      const exact = await read(from - margin, to + margin);
      if (this.shown === range) this.exact = exact;
    } catch (error) {
      if (this.shown === range)
        this.trouble = saidHere(error instanceof Error ? error.message : String(error));
    } finally {
      this.reading = false;
      if (this.shown !== range) this.readRows = -1; // another part was chosen meanwhile: the next drawing asks
      this.changed();
    }
  }
}
