/** How two texts differ line by line, as `diff -u` shows it. */

/** Beyond so many pairs of lines, texts are cut at lines that each has once; without any they count as replaced. */
const MOST_PAIRS = 4_000_000;
/** Lines around a difference. */
const CONTEXT = 3;

/** A line of both texts (` `), of the one alone (`-`), or of the other alone (`+`). */
export interface DifferenceLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** How many lines differ between two texts: of a stretch that was replaced, as many as the longer of both has. */
export function linesThatDiffer(one: string, other: string): number {
  let [count, gone, come] = [0, 0, 0];
  for (const { sign } of [...difference(one, other), { sign: ' ' }]) {
    if (sign === '-') gone++;
    else if (sign === '+') come++;
    else {
      count += Math.max(gone, come);
      [gone, come] = [0, 0];
    }
  }
  return count;
}

/** Where two texts differ: stretches of lines with a few around each, as `diff -u` has them. */
export function hunks(one: string, other: string): DifferenceLine[][] {
  const all = difference(one, other);
  const found: DifferenceLine[][] = [];
  let to = -1; // all before it is in a hunk
  all.forEach(({ sign }, i) => {
    if (sign === ' ') return;
    const from = Math.max(0, i - CONTEXT);
    if (from > to) found.push([]);
    const end = Math.min(all.length, i + CONTEXT + 1);
    found.at(-1)?.push(...all.slice(Math.max(from, to), end));
    to = Math.max(to, end);
  });
  return found;
}

/** A line end at the end of a text is no line. */
export function linesOf(text: string): string[] {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n+$/, '');
  return lines === '' ? [] : lines.split('\n');
}

/** All lines of two texts, side by side. */
function difference(one: string, other: string): DifferenceLine[] {
  const [a, b] = [linesOf(one), linesOf(other)];
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [inA, inB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const between = differing(inA, inB);
  return [...a.slice(0, start).map(line(' ')), ...between, ...a.slice(a.length - end).map(line(' '))];
}

function line(sign: DifferenceLine['sign']): (text: string) => DifferenceLine {
  return text => ({ sign, text });
}

function differing(a: readonly string[], b: readonly string[]): DifferenceLine[] {
  if (a.length * b.length <= MOST_PAIRS) return walk(a, b);
  const found: DifferenceLine[] = [];
  let [i, j] = [0, 0];
  const anchors = commonOnce(a, b);
  if (anchors.length === 0) return [...a.map(line('-')), ...b.map(line('+'))];
  for (const [nextI, nextJ] of [...anchors, [a.length, b.length] as const]) {
    found.push(...differing(a.slice(i, nextI), b.slice(j, nextJ)));
    if (nextI < a.length) found.push({ sign: ' ', text: a[nextI] ?? '' });
    [i, j] = [nextI + 1, nextJ + 1];
  }
  return found;
}

/** The places of lines that each text has once, in the order of both: the longest such row. */
function commonOnce(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const placesIn = (lines: readonly string[]): Map<string, number> => {
    const places = new Map<string, number>();
    lines.forEach((text, i) => places.set(text, places.has(text) ? -1 : i));
    return places;
  };
  const [inA, inB] = [placesIn(a), placesIn(b)];
  interface Link {
    readonly at: readonly [number, number];
    readonly before: Link | undefined;
  }
  const ends: Link[] = []; // of the rows of each length, the one that ends first
  for (const [text, i] of inA) {
    const j = inB.get(text) ?? -1;
    if (i < 0 || j < 0) continue;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle]?.at[1] ?? 0) < j) low = middle + 1;
      else high = middle;
    }
    ends[low] = { at: [i, j], before: ends[low - 1] };
  }
  const row: (readonly [number, number])[] = [];
  for (let link = ends.at(-1); link; link = link.before) row.push(link.at);
  return row.reverse();
}

/** Walk along the longest common subsequence. */
function walk(a: readonly string[], b: readonly string[]): DifferenceLine[] {
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const found: DifferenceLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left = '', right = ''] = [a[i], b[j]];
    if (i < a.length && j < b.length && left === right) {
      found.push({ sign: ' ', text: left });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      found.push({ sign: '-', text: left });
      i++;
    } else {
      found.push({ sign: '+', text: right });
      j++;
    }
  }
  return found;
}
