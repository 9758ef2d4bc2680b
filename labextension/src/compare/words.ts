import { fill } from '../i18n/fill';
import { translated, type Translate } from '../i18n/translate';

/** The comparison's texts. `{…}` is filled in by `fill`. */
export interface CompareWords {
  readonly compare: string;
  readonly compareLatest: string;
  readonly title: string;
  readonly titleOne: string;
  readonly loading: string;
  readonly charts: string;
  readonly table: string;
  readonly onlyDifferences: string;
  readonly onlyDifferencesTitle: string;
  readonly differs: string;
  readonly noDifferences: string;
  readonly noCurves: string;
  readonly showMore: string;
  readonly open: string;
  readonly remove: string;
  readonly add: string;
  readonly addTitle: string;
  readonly noneToAdd: string;
  readonly deleted: string;
  readonly tooFew: string;
  readonly disconnected: string;
  readonly last: string;
  readonly tag: string;
  readonly noValue: string;
  readonly missing: string;
  readonly lowest: string;
  readonly highest: string;
  readonly over: string;
  readonly code: string;
  readonly difference: string;
  readonly asFirst: string;
  readonly oneLineDiffers: string;
  readonly linesDiffer: string;
  readonly firstOne: string;
  readonly inFile: string;
  readonly inFiles: string;
  readonly fileDiffers: string;
  readonly filesDiffer: string;
  readonly onlyIn: string;
  readonly notShown: string;
  readonly files: string;
  readonly withFirst: string;
  readonly first: string;
  readonly facts: Readonly<Record<string, string>>;
}

export const ENGLISH: CompareWords = {
  compare: 'Compare runs',
  compareLatest: 'Compare the latest runs',
  title: 'Compare {n} runs',
  titleOne: 'Compare 1 run',
  loading: 'Loading the runs',
  charts: 'Charts of the runs',
  table: 'The runs side by side',
  onlyDifferences: 'Only differences',
  onlyDifferencesTitle: 'Hide the rows in which all runs have the same value',
  differs: 'differs',
  noDifferences: 'No row differs.',
  noCurves: 'Metrics with more than one value will be drawn here.',
  showMore: 'Show {n} more',
  open: 'Open {name}',
  remove: 'Take {name} out of the comparison',
  add: 'Add a run',
  addTitle: 'Compare one more run of this workspace',
  noneToAdd: 'No other runs',
  deleted: '{name} was deleted, and is no longer compared.',
  tooFew: 'A comparison takes two runs or more. Add one.',
  disconnected: 'Disconnected from the Jupyter server, retrying. What is shown may be old.',
  last: '(last)',
  tag: '(tag)',
  noValue: 'set',
  missing: 'not there',
  lowest: 'The lowest: of what is called {word}, less is better.',
  highest: 'The highest: of what is called {word}, more is better.',
  over: 'over {x}',
  code: 'code',
  difference: 'What differs between the code of {one} and {other}',
  asFirst: 'the same',
  oneLineDiffers: '1 line differs',
  linesDiffer: '{n} lines differ',
  firstOne: '1 line',
  inFile: '{lines}, in {name}',
  inFiles: '{lines}, in {n} files',
  fileDiffers: '{name} differs',
  filesDiffer: '{n} files differ',
  onlyIn: 'only in {name}',
  notShown: 'not shown: no text, or too long',
  files: 'files',
  withFirst: 'compared with the code of {name}',
  first: '{n} lines',
  facts: {
    target: 'target',
    python: 'python',
    git: 'git',
    script: 'script',
    command: 'command',
    duration: 'duration',
  },
};

/** The texts in the language that `translate` knows. */
export function compareWords(translate: Translate): CompareWords {
  return translated(ENGLISH, translate);
}

/** What the reader is told of the number of runs. */
export function titleOf(count: number, words: CompareWords): string {
  if (count === 0) return words.compare;
  return count === 1 ? words.titleOne : fill(words.title, { n: String(count) });
}
