/** Which lines of the list are selected, and which is active. */

import type { Line } from './run_rows';

/** The lines that a selection is made of, and where each stands. */
export interface Lines {
  readonly lines: readonly Line[];
  indexOf(key: string | null): number;
}

/**
 * Which runs are selected, and which line is the active one: where the keyboard is.
 *
 * Kept by key, so that both stay with their runs when lines move.
 */
export class Selection {
  readonly runs = new Set<string>();
  active: string | null = null;
  /** Where a range begins. */
  private anchor: string | null = null;

  constructor(private readonly lines: Lines) {}

  get activeIndex(): number {
    return this.lines.indexOf(this.active);
  }

  get activeLine(): Line | undefined {
    return this.lines.lines[this.activeIndex];
  }

  /** Make a line the active one, and the only one selected; a group selects nothing. */
  choose(index: number): void {
    this.runs.clear();
    this.toggle(index);
  }

  /** Make a line the active one, and select it or no longer. */
  toggle(index: number): void {
    const line = this.move(index);
    this.anchor = this.active;
    if (line?.kind !== 'run') return;
    if (!this.runs.delete(line.key)) this.runs.add(line.key);
  }

  /** Make a line the active one, and select all from where the selection began. */
  extend(index: number): void {
    const from = this.lines.indexOf(this.anchor ?? this.active);
    this.move(index);
    this.anchor ??= this.active;
    this.runs.clear();
    const [low, high] = from < 0 ? [index, index] : [Math.min(from, index), Math.max(from, index)];
    for (const line of this.lines.lines.slice(low, high + 1))
      if (line.kind === 'run') this.runs.add(line.key);
  }

  /** Make a line the active one, and change nothing else. */
  move(index: number): Line | undefined {
    const line = this.lines.lines[index];
    if (line) this.active = line.key;
    return line;
  }

  all(): void {
    for (const line of this.lines.lines) if (line.kind === 'run') this.runs.add(line.key);
  }

  clear(): void {
    this.runs.clear();
    this.anchor = null;
  }

  /** Let go of runs that aren't shown any more. Where the active line was, the one that took its place is active. */
  keep(isShown: (id: string) => boolean, before: number): void {
    for (const id of this.runs) if (!isShown(id)) this.runs.delete(id);
    if (this.active !== null && this.activeIndex < 0) {
      this.active = null;
      this.move(Math.max(0, Math.min(before, this.lines.lines.length - 1)));
    }
  }
}
