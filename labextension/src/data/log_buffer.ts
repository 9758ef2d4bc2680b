/** The part of a run's log that a view holds. */

import type { Line } from './line';
import type { LogPart } from './protocol';
import { Terminal } from './terminal';

/** Most bytes of a log in a view; when they are passed, half are let go. */
export const LOG_VIEW_BYTES = 2 * 1024 * 1024;

const LINE_FEED = 0x0a;

/**
 * The part of a run's log that a view holds: bytes `start` to `end` of a file of `size` bytes, and their lines.
 *
 * Lines have numbers that last: those added in front go below the first one's.
 */
export class LogBuffer {
  start = 0;
  end = 0;
  size = 0;
  /** Number of the first line. */
  first = 0;
  private pieces: Uint8Array[] = [];
  private terminal = new Terminal();
  private decoder = new TextDecoder();

  /** The number after the last line. */
  get last(): number {
    return this.first + this.terminal.length;
  }

  line(number: number): Line {
    return this.terminal.line(number - this.first);
  }

  /** Whether a line is a progress bar's. */
  isBar(number: number): boolean {
    return this.terminal.isBar(number - this.first);
  }

  /** The bytes held, for a file. */
  get bytes(): readonly Uint8Array[] {
    return this.pieces;
  }

  /** Take in what the kernel sent; false if bytes between were lost and everything before is let go. */
  apply(part: LogPart, bytes: Uint8Array): boolean {
    const truncated = part.size < this.end;
    this.size = part.size;
    if (truncated || part.start < this.start || part.start > this.end) {
      const lost = !part.reset && !truncated;
      this.restart(part.start, bytes);
      return !lost;
    }
    // A log only ever grows: bytes at offsets that are held are the same bytes.
    this.append(bytes.subarray(this.end - part.start));
    return true;
  }

  /** Take in older bytes, `start` up to what is held. False if they don't fit there. */
  prepend(start: number, bytes: Uint8Array): boolean {
    if (start + bytes.length !== this.start || bytes.length === 0) return false;
    const kept = wholeLines(start, bytes);
    this.replay(this.start - kept.length, [kept, ...this.pieces]);
    return true;
  }

  /** How many older bytes may still be taken in. */
  get room(): number {
    return Math.max(0, LOG_VIEW_BYTES - (this.end - this.start));
  }

  private restart(start: number, bytes: Uint8Array): void {
    const after = this.last;
    const kept = wholeLines(start, bytes);
    this.replay(start + bytes.length - kept.length, [kept]);
    this.first = after; // other lines than before: other numbers
  }

  private append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.pieces.push(bytes);
    this.end += bytes.length;
    this.terminal.write(this.decoder.decode(bytes, { stream: true }));
    if (this.end - this.start > LOG_VIEW_BYTES) this.letGo();
  }

  private letGo(): void {
    const kept = wholeLines(this.start + 1, join(this.pieces).slice(-LOG_VIEW_BYTES / 2));
    this.replay(this.end - kept.length, [kept]);
  }

  /** Begin anew with these bytes; the last line keeps its number. */
  private replay(start: number, pieces: readonly Uint8Array[]): void {
    const last = this.last;
    this.start = start;
    this.end = start;
    this.pieces = [];
    this.terminal = new Terminal();
    this.decoder = new TextDecoder();
    for (const piece of pieces) this.append(piece);
    this.first = last - this.terminal.length;
  }
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** Bytes from `start` on without the line that begins before them, unless it is the only one: half a line says nothing. */
function wholeLines(start: number, bytes: Uint8Array): Uint8Array {
  const found = start > 0 ? bytes.indexOf(LINE_FEED) : -1;
  return found === bytes.length - 1 ? bytes : bytes.subarray(found + 1);
}
