import type { Value } from '../data/protocol';
import { fill } from '../i18n/fill';
import type { Compared, Comparison, Row } from '../server/types';
import { clock, type Format } from '../view/format';
import { bestPlaces, betterEnd } from './better';
import { linesOf, linesThatDiffer } from './line_difference';
import type { CompareWords } from './words';

/** The text that a run's cell has in its notebook now; null where that isn't known. */
export type CellNow = (row: Row) => string | null;

/** What stands in one column of a line. */
export interface LineValue {
  readonly text: string;
  readonly title?: string;
  readonly isBest?: boolean;
  readonly isMissing?: boolean;
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

/** Names of facts that are code. */
const CODE: ReadonlySet<string> = new Set(['git', 'script', 'command', 'python']);

/** The rows of the table: parameters, last values, tags, the cell, facts. */
export function lines(
  comparison: Comparison,
  words: CompareWords,
  format: Format,
  cellNow: CellNow,
): readonly Line[] {
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
    ...cell(comparison, words, format, cellNow),
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

/** The line of the runs' cells: against the notebook's where it is open, else against the first run's. */
function cell(
  { runs, cells }: Comparison,
  words: CompareWords,
  format: Format,
  cellNow: CellNow,
): readonly Line[] {
  const first = cells.findIndex(source => source !== null);
  if (first < 0) return [];
  const basis = cells[first] ?? '';
  const values = cells.map((source, i): LineValue => {
    const row = runs[i];
    if (source === null || !row) return missing(words);
    const now = cellNow(row);
    if (now !== null) return { text: same(source, now, words.asNow, words, format), title: words.withNow };
    if (i === first) {
      const n = format.count(linesOf(source).length);
      return { text: fill(words.first, { n }), title: source };
    }
    const title = fill(words.withFirst, { name: runs[first]?.display_name ?? '' });
    return { text: same(source, basis, words.asFirst, words, format), title };
  });
  const differs =
    new Set(cells.map(source => (source === null ? null : linesOf(source).join('\n')))).size > 1;
  return [{ key: 'cell', name: words.cell, note: '', values, differs }];
}

function same(source: string, basis: string, word: string, words: CompareWords, format: Format): string {
  const count = linesThatDiffer(source, basis);
  if (count === 0) return word;
  return count === 1 ? words.oneLineDiffers : fill(words.linesDiffer, { n: format.count(count) });
}

function shown(value: Value, textOf: (value: Value) => string, words: CompareWords): LineValue {
  if (value === null) return missing(words);
  const text = textOf(value);
  return { text, title: text };
}

function missing(words: CompareWords): LineValue {
  return { text: '–', title: words.missing, isMissing: true };
}
