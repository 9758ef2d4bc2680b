/** Beyond so many pairs of lines, lines are only counted, wherever they stand. */
const MOST_PAIRS = 4_000_000;

/** How many lines differ between two texts: of a stretch that was replaced, as many as the longer of both has. */
export function linesThatDiffer(one: string, other: string): number {
  let [a, b] = [linesOf(one), linesOf(other)];
  let same = 0;
  while (same < Math.min(a.length, b.length) && a[same] === b[same]) same++;
  [a, b] = [a.slice(same), b.slice(same)];
  while (a.length > 0 && b.length > 0 && a.at(-1) === b.at(-1)) {
    a.pop();
    b.pop();
  }
  if (a.length === 0 || b.length === 0) return a.length + b.length;
  return a.length * b.length > MOST_PAIRS ? uncommon(a, b) : stretches(a, b);
}

/** A line end at the end of a text is no line. */
export function linesOf(text: string): string[] {
  return text.replace(/\r\n?/g, '\n').replace(/\n+$/, '').split('\n');
}

/** Walk along the longest common subsequence, and count the stretches beside it. */
function stretches(a: readonly string[], b: readonly string[]): number {
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] =
        a[i] === b[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
    }
  }
  let [count, i, j, gone, come] = [0, 0, 0, 0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      count += Math.max(gone, come);
      [gone, come] = [0, 0];
      i++;
      j++;
    } else if (
      j >= b.length ||
      (i < a.length && (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0))
    ) {
      gone++;
      i++;
    } else {
      come++;
      j++;
    }
  }
  return count + Math.max(gone, come);
}

function uncommon(a: readonly string[], b: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const line of a) counts.set(line, (counts.get(line) ?? 0) + 1);
  let [come, common] = [0, 0];
  for (const line of b) {
    const left = counts.get(line) ?? 0;
    if (left > 0) {
      counts.set(line, left - 1);
      common++;
    } else come++;
  }
  return Math.max(a.length - common, come);
}
