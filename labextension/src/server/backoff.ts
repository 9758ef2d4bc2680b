/** How long to wait before a connection is tried again. */

/** The shortest and the longest time until a connection is tried again. */
export const FIRST_RETRY_MS = 1_000;
export const LAST_RETRY_MS = 30_000;

/** How long to wait before the next try: twice as long each time, and not the same for all pages of a server. */
export class Backoff {
  private tries = 0;

  /** `random` gives a number from 0 to 1. */
  constructor(private readonly random: () => number = Math.random) {}

  /** Milliseconds until the next try. */
  next(): number {
    const longest = Math.min(LAST_RETRY_MS, 2 * FIRST_RETRY_MS * 2 ** this.tries++);
    return Math.max(FIRST_RETRY_MS, longest * (0.5 + 0.5 * this.random()));
  }

  /** All is well: begin anew next time. */
  reset(): void {
    this.tries = 0;
  }
}
