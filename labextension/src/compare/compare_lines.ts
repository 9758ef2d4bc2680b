/** The rows of the table that compares runs, as data. */

import type { Value } from '../data/protocol';
import { fill } from '../i18n/fill';
import type { Compared, Comparison } from '../server/openapi';
import { clock, type Format } from '../view/format';
import { bestPlaces, betterEnd } from './better';
import { differingLines, type Differing, type DifferingPart } from './code_difference';
import { linesOf, linesThatDiffer } from './line_difference';
import type { CompareWords } from './words';

/** What stands in one column of a line. */
export interface LineValue {
  readonly text: string;
  /** Of a metric: the same, then with ever fewer digits, where room is short. */
  readonly texts?: readonly string[];
  readonly title?: string;
  readonly isBest?: boolean;
  readonly isMissing?: boolean;
  /** How many characters at its beginning all values have: they say nothing. */
  readonly common?: number;
  /** Code that differs from the first run's, to be shown. */
  readonly difference?: Differing;
}

/** A row of the table. */
export interface Line {
  readonly key: string;
  readonly name: string;
  /** What kind of thing the name is, where it isn't plain. */
  readonly note: string;
  readonly values: readonly LineValue[];
  readonly differs: boolean;
  /** Whether it is read as code: a commit, a command. */
  readonly isCode?: boolean;
}

/** A shorter beginning is read as quickly as it is passed over. */
const LEAST_COMMON = 6;
/** Names of facts that are code. */
const CODE: ReadonlySet<string> = new Set(['git', 'script', 'command', 'python']);

/** The rows of the table: parameters, last values, tags, the code, facts; those that differ first. */
export function lines(comparison: Comparison, words: CompareWords, format: Format): readonly Line[] {
  const all = inOrder(comparison, words, format).map(faded);
  return [...all.filter(line => line.differs), ...all.filter(line => !line.differs)];
}

function inOrder(comparison: Comparison, words: CompareWords, format: Format): readonly Line[] {
  const plain = (kind: string, note: string, textOf: (value: Value) => string) => (line: Compared) => ({
    key: `${kind} ${line.name}`,
    name: line.name,
    note,
    values: line.values.map(value => shown(value, textOf, words)),
    differs: line.differs,
  });
  return [
    ...comparison.parameters.map(plain('parameter', '', value => format.value(value))),
    ...comparison.metrics.map(line => metric(line, words, format)),
    ...comparison.tags.map(
      plain('tag', words.tag, value => (value === '' ? words.noValue : format.value(value))),
    ),
    ...code(comparison, words, format),
    ...comparison.facts.map(line => fact(line, words, format)),
  ];
}

function metric(line: Compared, words: CompareWords, format: Format): Line {
  const better = betterEnd(line.name);
  const best = better ? bestPlaces(line.values, better) : new Set<number>();
  const title = better ? fill(words[better.end], { word: better.word }) : '';
  return {
    key: `metric ${line.name}`,
    name: line.name,
    note: words.last,
    values: line.values.map((value, i) => ({
      ...shown(value, one => format.value(one), words),
      texts: format.shorter(value),
      ...(best.has(i) ? { isBest: true, title } : {}),
    })),
    differs: line.differs,
  };
}

function fact(line: Compared, words: CompareWords, format: Format): Line {
  const textOf = (value: Value): string =>
    line.name === 'duration' && typeof value === 'number' ? clock(value) : format.value(value);
  return {
    key: `fact ${line.name}`,
    name: words.facts[line.name] ?? line.name,
    note: '',
    values: line.values.map(value => shown(value, textOf, words)),
    differs: line.differs,
    isCode: CODE.has(line.name),
  };
}

/** The line of the runs' code: each against that of the first run that has any. */
function code(comparison: Comparison, words: CompareWords, format: Format): readonly Line[] {
  const { runs, cells } = comparison;
  const hasCode = (i: number): boolean =>
    (cells[i] ?? null) !== null || (comparison.files.length > 0 && runs[i]?.kind !== 'interactive');
  const first = cells.findIndex((_, i) => hasCode(i));
  if (first < 0) return [];
  const name = runs[first]?.display_name ?? '';
  const values = cells.map((source, i): LineValue => {
    if (!hasCode(i)) return missing(words);
    if (i === first) return { text: source === null ? words.files : sizeOf(source, words, format) };
    const difference = differingCode(comparison, [first, i], words);
    const title = fill(words.withFirst, { name });
    if (difference.parts.length === 0) return { text: words.asFirst, title };
    return { text: differenceText(difference, words, format), title, difference };
  });
  const differs = values.some(({ difference, isMissing }) => difference !== undefined || isMissing === true);
  return [{ key: 'code', name: words.code, note: '', values, differs }];
}

function sizeOf(source: string, words: CompareWords, format: Format): string {
  const { length } = linesOf(source);
  return length === 1 ? words.firstOne : fill(words.first, { n: format.count(length) });
}

/** Of two runs, by their places: what they start with, and each file, where it isn't the same. */
function differingCode(
  { runs, cells, files, facts }: Comparison,
  places: readonly [number, number],
  words: CompareWords,
): Differing {
  const of = <T>(values: readonly T[]): [T | null, T | null] => [
    values[places[0]] ?? null,
    values[places[1]] ?? null,
  ];
  const [one, other] = of(runs.map(run => run.display_name));
  const names = [one ?? '', other ?? ''] as const;
  const beside = files.flatMap(({ name, hashes, texts }): DifferingPart[] => {
    const [[left, right], shown] = [of(hashes), of(texts)];
    if (left === right) return [];
    const only = left === null ? names[1] : right === null ? names[0] : '';
    const notes = only === '' ? [] : [fill(words.onlyIn, { name: only })];
    const isShown = (left === null || shown[0] !== null) && (right === null || shown[1] !== null);
    if (!isShown) notes.push(words.notShown);
    const code = isShown ? ([shown[0] ?? '', shown[1] ?? ''] as const) : null;
    return [{ name, note: notes.join(' · '), code }];
  });
  const [start, otherStart] = of(cells);
  const scripts = of(facts.find(({ name }) => name === 'script')?.values ?? []);
  const script = [...new Set(scripts.map(name => (typeof name === 'string' ? name : words.code)))].join(
    ' → ',
  );
  const starts: DifferingPart[] = [
    { name: beside.length > 0 ? script : '', note: '', code: [start ?? '', otherStart ?? ''] },
  ];
  const isSame = start === otherStart || linesThatDiffer(start ?? '', otherStart ?? '') === 0;
  return { names, parts: [...(isSame ? [] : starts), ...beside] };
}

/** How much differs, and in how many files or in which one. */
function differenceText(difference: Differing, words: CompareWords, format: Format): string {
  const { parts } = difference;
  const [file] = parts;
  const n = differingLines(difference);
  const lines = n === 1 ? words.oneLineDiffers : fill(words.linesDiffer, { n: format.count(n) });
  const name = file?.name.split('/').at(-1) ?? '';
  if (parts.length > 1 && n === 0) return fill(words.filesDiffer, { n: format.count(parts.length) });
  if (parts.length > 1) return fill(words.inFiles, { lines, n: format.count(parts.length) });
  if (n === 0) return fill(words.fileDiffers, { name });
  return name === '' ? lines : fill(words.inFile, { lines, name });
}

/** A line whose texts begin alike knows how far: of long paths, what differs is to be seen. */
function faded(line: Line): Line {
  const texts = line.values.filter(({ isMissing }) => isMissing !== true).map(({ text }) => text);
  const [first = ''] = texts;
  if (!line.differs || line.key === 'code' || texts.length < 2) return line;
  let common = 0;
  while (common < first.length && texts.every(text => text[common] === first[common])) common++;
  common = first.slice(0, common).search(/[/\\ ,=][^/\\ ,=]*$/) + 1; // whole parts alone
  if (common < LEAST_COMMON) return line;
  return {
    ...line,
    values: line.values.map(value => (value.isMissing ? value : { ...value, common })),
  };
}

function shown(value: Value, textOf: (value: Value) => string, words: CompareWords): LineValue {
  if (value === null) return missing(words);
  const text = textOf(value);
  return { text, title: text };
}

function missing(words: CompareWords): LineValue {
  return { text: '–', title: words.missing, isMissing: true };
}
