/** The parser of a terminal's escape sequences. */

/** What a terminal's input stream says, as `Escapes` hears it. */
export interface EscapeSink {
  text(text: string): void;
  /** Line feed, carriage return or backspace. */
  control(character: '\n' | '\r' | '\b'): void;
  /** `ESC [ parameters m`: colours and such. */
  sgr(parameters: string): void;
  /** `ESC [ parameters K`: erase in the line; progress bars use it. */
  eraseInLine(parameters: string): void;
}

type State = 'text' | 'escape' | 'intermediate' | 'csi' | 'string' | 'string-escape';

/** Longest CSI sequence that is still taken for one. */
const CSI_CHARACTERS = 64;

/** A tab is plain text. */
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

/**
 * Parts text from a terminal's escape sequences, however the stream is cut.
 *
 * Only colours, `\r`, `\n`, `\b` and erase-in-line have a meaning here. Everything else is taken out: titles,
 * hyperlinks, clipboard writes, cursor moves (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html).
 */
export class Escapes {
  private state: State = 'text';
  private csi = '';

  constructor(private readonly sink: EscapeSink) {}

  write(text: string): void {
    let at = 0;
    while (at < text.length) at = this.state === 'text' ? this.plain(text, at) : this.escaped(text, at);
  }

  /** Take text up to the next control character, and that one. Returns where to go on. */
  private plain(text: string, at: number): number {
    CONTROL.lastIndex = at;
    const found = CONTROL.exec(text);
    const end = found?.index ?? text.length;
    if (end > at) this.sink.text(text.slice(at, end));
    if (found) this.control(found[0]);
    return end + 1;
  }

  private control(character: string): void {
    if (character === '\n' || character === '\r' || character === '\b') this.sink.control(character);
    else if (character === '\u001b') this.state = 'escape';
    else if (character === '\u009b') this.startCsi();
    else if ('\u0090\u0098\u009d\u009e\u009f'.includes(character)) this.state = 'string';
  }

  private startCsi(): void {
    this.state = 'csi';
    this.csi = '';
  }

  /** Take one character inside an escape sequence. Returns where to go on. */
  private escaped(text: string, at: number): number {
    const character = text.charAt(at);
    // A line end is never part of a sequence: what was cut off costs its own line and no more.
    if (character === '\n') {
      this.state = 'text';
      return at;
    }
    if (character === '\u001b') {
      this.state = this.state === 'string' ? 'string-escape' : 'escape';
    } else if (this.state === 'escape') this.second(character);
    else if (this.state === 'intermediate') this.state = character <= '/' ? 'intermediate' : 'text';
    else if (this.state === 'csi') this.csiCharacter(character);
    else if (this.state === 'string-escape') this.state = character === '\\' ? 'text' : 'string';
    else if (character === '\u0007' || character === '\u009c') this.state = 'text';
    return at + 1;
  }

  private second(character: string): void {
    if (character === '[') this.startCsi();
    else if (']PX^_'.includes(character)) this.state = 'string';
    else this.state = character >= ' ' && character <= '/' ? 'intermediate' : 'text';
  }

  private csiCharacter(character: string): void {
    if (character >= '@' && character <= '~') {
      this.state = 'text';
      if (character === 'm' && /^[\d;:]*$/.test(this.csi)) this.sink.sgr(this.csi);
      else if (character === 'K') this.sink.eraseInLine(this.csi);
    } else if (this.csi.length >= CSI_CHARACTERS) this.state = 'text';
    else this.csi += character;
  }
}
