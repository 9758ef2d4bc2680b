/** Throttles drawing: soon after it is asked for, not too often, not while the page is hidden. */

/** Ten drawings a second are as many as a reader sees. */
const LEAST_INTERVAL_MS = 100;
/** The share of a core that drawing may take: a drawing that took long is followed by a longer pause. */
const SHARE = 0.25;

/** Calls `draw` soon after it was asked to, never too often, and not at all while the page is hidden. */
export class Redraw {
  private earliest = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private frame: number | null = null;

  constructor(private readonly draw: () => void) {}

  request(): void {
    if (this.timer !== null || this.frame !== null) return;
    const wait = this.earliest - performance.now();
    if (wait <= 0) this.next();
    else {
      this.timer = setTimeout(() => {
        this.timer = null;
        this.next();
      }, wait);
    }
  }

  dispose(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.frame !== null) cancelAnimationFrame(this.frame);
  }

  /** Draw with the next frame of the page; a hidden page has none until it is shown. */
  private next(): void {
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      const start = performance.now();
      this.draw();
      const end = performance.now();
      this.earliest = start + Math.max(LEAST_INTERVAL_MS, (end - start) / SHARE);
    });
  }
}
