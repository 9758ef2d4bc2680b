/** A terminal's lines, made of the text that was printed. */

import { Escapes, type EscapeSink } from './escapes';
import { LineEditor, type Line } from './line';
import { applySgr, PLAIN, type Style } from './sgr';

/** Longest line: what goes on without a line end goes on in a new one, as on a screen. */
export const LINE_CHARACTERS = 8192;

/** A terminal's lines, from its text: `\r` bars are one line, colours are kept, other escapes are gone. */
export class Terminal {
  private readonly finished: Line[] = [];
  private readonly bars = new Set<number>();
  private readonly escapes = new Escapes(this.sink());
  private editor = new LineEditor();
  private style: Style = PLAIN;

  write(text: string): void {
    this.escapes.write(text);
  }

  /** Number of lines, the unfinished one included if something is on it. */
  get length(): number {
    return this.finished.length + (this.editor.line.length > 0 ? 1 : 0);
  }

  line(index: number): Line {
    return this.finished[index] ?? this.editor.line;
  }

  /** Whether a line was written over, as a progress bar is. */
  isBar(index: number): boolean {
    return this.bars.has(index) || (index === this.finished.length && this.editor.isBar);
  }

  private sink(): EscapeSink {
    return {
      text: text => this.text(text),
      control: character => {
        if (character === '\n') this.newLine();
        else if (character === '\r') this.editor.home();
        else this.editor.back();
      },
      sgr: parameters => {
        this.style = applySgr(this.style, parameters);
      },
      eraseInLine: mode => this.editor.erase(mode),
    };
  }

  private text(text: string): void {
    for (let at = 0; at < text.length; at += LINE_CHARACTERS) {
      const piece = text.slice(at, at + LINE_CHARACTERS);
      if (this.editor.size + piece.length > LINE_CHARACTERS) this.newLine();
      this.editor.write(piece, this.style);
    }
  }

  private newLine(): void {
    if (this.editor.isWrittenOver) this.bars.add(this.finished.length);
    this.finished.push(this.editor.line);
    this.editor = new LineEditor();
  }
}
