/** One line of a terminal, as it is written and overwritten. */

import { sameStyle, type Style } from './sgr';

/** A stretch of a line that looks the same. */
export interface Run {
  readonly text: string;
  readonly style: Style;
}

/** A line of a terminal, finished or not. */
export type Line = readonly Run[];

export function lineText(line: Line): string {
  return line.length === 1 ? (line[0]?.text ?? '') : line.map(run => run.text).join('');
}

/** The line a terminal is writing: at its end, or over itself after `\r` and `\b`. */
export class LineEditor {
  private runs: Run[] = [];
  /** Where the next character goes; null at the end. */
  private column: number | null = null;
  /** UTF-16 units held, to bound a line. */
  size = 0;
  /** Whether it was written over, as a progress bar is. */
  isWrittenOver = false;

  get line(): Line {
    return this.runs;
  }

  /** Whether it was written over, or is about to be. */
  get isBar(): boolean {
    return this.isWrittenOver || this.column !== null;
  }

  home(): void {
    this.column = 0;
  }

  back(): void {
    this.column = Math.max(0, (this.column ?? this.cells().length) - 1);
  }

  write(text: string, style: Style): void {
    if (this.column === null) {
      this.append(text, style);
      return;
    }
    this.isWrittenOver = true;
    const cells = this.cells();
    const written = Array.from(text, character => ({ text: character, style }));
    cells.splice(this.column, written.length, ...written);
    const end = this.column + written.length;
    this.column = end < cells.length ? end : null;
    this.set(cells);
  }

  /** Erase to the end (mode 0), to the beginning (1), or all (2). */
  erase(mode: string): void {
    const cells = this.cells();
    const column = this.column ?? cells.length;
    if (mode === '' || mode === '0') this.set(cells.slice(0, column));
    else if (mode === '1') this.set(cells.map((cell, i) => (i <= column ? { ...cell, text: ' ' } : cell)));
    else if (mode === '2') this.set(cells.map(cell => ({ ...cell, text: ' ' })).slice(0, column));
    if (this.column !== null && this.column >= this.cells().length) this.column = null;
  }

  private append(text: string, style: Style): void {
    const last = this.runs.at(-1);
    if (last && sameStyle(last.style, style)) {
      this.runs[this.runs.length - 1] = { text: last.text + text, style: last.style };
    } else {
      this.runs.push({ text, style });
    }
    this.size += text.length;
  }

  /** The line character by character. */
  private cells(): Run[] {
    return this.runs.flatMap(run => Array.from(run.text, text => ({ text, style: run.style })));
  }

  private set(cells: readonly Run[]): void {
    this.runs = [];
    this.size = 0;
    for (const cell of cells) this.append(cell.text, cell.style);
  }
}
