/** Colours and styles of terminal text: SGR sequences (`ESC [ … m`). */

/** A colour of terminal text: one of the palette's 16, or a CSS colour. */
export type Colour = number | string;

/** How a stretch of terminal text looks. */
export interface Style {
  readonly fg: Colour | null;
  readonly bg: Colour | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly strike: boolean;
  readonly inverse: boolean;
}

export const PLAIN: Style = Object.freeze({
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
});

const SWITCHES = new Map<number, Partial<Style>>([
  [1, { bold: true }],
  [2, { dim: true }],
  [3, { italic: true }],
  [4, { underline: true }],
  [7, { inverse: true }],
  [9, { strike: true }],
  [21, { underline: true }],
  [22, { bold: false, dim: false }],
  [23, { italic: false }],
  [24, { underline: false }],
  [27, { inverse: false }],
  [29, { strike: false }],
  [39, { fg: null }],
  [49, { bg: null }],
]);

/** The style after an SGR sequence (`ESC [ parameters m`); what isn't known changes nothing. */
export function applySgr(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map(code => Number(code || 0));
  let next = style;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 0) next = PLAIN;
    else if (code === 38 || code === 48) {
      const { colour, used } = extendedColour(codes, i + 1);
      i += used;
      if (colour !== null) next = { ...next, [code === 38 ? 'fg' : 'bg']: colour };
    } else next = { ...next, ...(SWITCHES.get(code) ?? paletteColour(code)) };
  }
  return sameStyle(next, PLAIN) ? PLAIN : next;
}

export function sameStyle(a: Style, b: Style): boolean {
  return a === b || (Object.keys(PLAIN) as (keyof Style)[]).every(key => a[key] === b[key]);
}

function paletteColour(code: number): Partial<Style> {
  if (code >= 30 && code <= 37) return { fg: code - 30 };
  if (code >= 40 && code <= 47) return { bg: code - 40 };
  if (code >= 90 && code <= 97) return { fg: code - 82 };
  if (code >= 100 && code <= 107) return { bg: code - 92 };
  return {};
}

/** The colour of `38;5;n` or `38;2;r;g;b`, and how many codes it took. */
function extendedColour(codes: readonly number[], at: number): { colour: Colour | null; used: number } {
  if (codes[at] === 5) return { colour: indexedColour(codes[at + 1] ?? 0), used: 2 };
  if (codes[at] === 2) return { colour: rgb(codes.slice(at + 1, at + 4)), used: 4 };
  return { colour: null, used: 0 };
}

/** A colour of xterm's 256: the palette, a cube of 6 × 6 × 6, 24 greys. */
function indexedColour(index: number): Colour | null {
  if (!(index >= 0 && index <= 255)) return null;
  if (index < 16) return index;
  if (index >= 232) return rgb(Array<number>(3).fill(8 + 10 * (index - 232)));
  const cube = index - 16;
  return rgb(
    [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(step => (step ? 55 + 40 * step : 0)),
  );
}

function rgb(channels: readonly number[]): string {
  const [red, green, blue] = [0, 1, 2].map(i => Math.min(255, Math.max(0, Math.trunc(channels[i] ?? 0))));
  return `rgb(${red ?? 0}, ${green ?? 0}, ${blue ?? 0})`;
}
