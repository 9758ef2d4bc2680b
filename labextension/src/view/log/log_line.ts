import type { Line, Run } from '../../data/line';
import type { Colour, Style } from '../../data/sgr';
import { PLAIN } from '../../data/sgr';
import { h } from '../dom';

/** Draw a line of a log; stretches that match `needle` (lower case) are marked. */
export function drawLine(element: HTMLElement, line: Line, needle: string): void {
  const pieces = needle === '' ? line.map(run => ({ ...run, marked: false })) : markMatches(line, needle);
  element.replaceChildren(...pieces.map(piece => drawPiece(piece, piece.marked)));
}

/** Cut a line's runs where matches of `needle` begin and end. */
export function markMatches(line: Line, needle: string): (Run & { marked: boolean })[] {
  const text = line
    .map(run => run.text)
    .join('')
    .toLowerCase();
  const inside = new Array<boolean>(text.length).fill(false);
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) {
    inside.fill(true, at, at + needle.length);
  }
  let start = 0;
  return line.flatMap(run => {
    const pieces: (Run & { marked: boolean })[] = [];
    for (let from = 0, to = 0; from < run.text.length; from = to) {
      const marked = inside[start + from] ?? false;
      while (to < run.text.length && (inside[start + to] ?? false) === marked) to++;
      pieces.push({ text: run.text.slice(from, to), style: run.style, marked });
    }
    start += run.text.length;
    return pieces;
  });
}

function drawPiece({ text, style }: Run, marked: boolean): Node {
  if (style === PLAIN && !marked) return document.createTextNode(text);
  const piece = h(marked ? 'mark' : 'span', {}, text);
  if (style !== PLAIN) dress(piece, style);
  return piece;
}

function dress(piece: HTMLElement, style: Style): void {
  const fg = css(style.inverse ? (style.bg ?? 'var(--cellrun-background)') : style.fg);
  const bg = css(style.inverse ? (style.fg ?? 'var(--cellrun-text)') : style.bg);
  if (fg !== null) piece.style.color = fg;
  if (bg !== null) piece.style.backgroundColor = bg;
  if (style.bold) piece.style.fontWeight = 'bold';
  if (style.dim) piece.classList.add('cellrun-muted');
  if (style.italic) piece.style.fontStyle = 'italic';
  const decorations = [style.underline ? 'underline' : '', style.strike ? 'line-through' : '']
    .join(' ')
    .trim();
  if (decorations !== '') piece.style.textDecoration = decorations;
}

function css(colour: Colour | null): string | null {
  return typeof colour === 'number' ? `var(--cellrun-ansi-${colour})` : colour;
}
