import { describe, expect, test } from 'vitest';
import { live, row } from '../../dev/fake_runs';
import { EXAMPLES, readFilter, type Filter } from '../../src/panel/filter';
import { panelWords } from '../../src/panel/words';
import { wordsIn } from '../../src/view/words';

const words = panelWords(text => text);

function read(text: string, language = 'en'): Filter {
  return readFilter(text, words, wordsIn(language).status);
}

const RUNS = [
  row(1, { tags: { best: null, dataset: 'digits small' }, parameters: { lr: '0.1', name: 'adam' } }),
  row(2, { status: 'Failed', parameters: { lr: '1e-3' }, metrics: { accuracy: 0.95, lr: 7 } }),
  live(3, 'Queued', { display_name: 'die Größe 2', parameters: {}, metrics: {} }),
  row(4, {
    experiment: 'sine',
    status: 'Canceled',
    parameters: {},
    metrics: { 'val/loss': { float: 'NaN' }, n: { int: '9007199254740993' } },
    cell: { notebook: 'work/Train.ipynb', id: 'a', source_hash: 'h' },
  }),
];

test.each([
  ['', [1, 2, 3, 4]],
  ['digits', [1, 2, 3]],
  ['GRÖSSE', []],
  ['größe', [3]],
  ['"digits small"', [1]],
  ['digits small', [1]],
  ['status:failed', [2]],
  ['status:Failed,cancel', [2, 4]],
  ['status:done', [1, 2, 4]],
  ['status:queued', [3]],
  ['experiment:si', [4]],
  ['tag:best', [1]],
  ['tag:dataset', [1]],
  ['tag:"dataset=digits small"', [1]],
  ['tag:dataset=digits', []],
  ['tag:toString', []],
  ['notebook:train', [4]],
  ['lr>0.01', [1]],
  ['lr<0.01', [2]],
  ['lr=0.001', [2]],
  ['lr!=0.1', [2]],
  ['lr>=.1', [1]],
  ['name=adam', [1]],
  ['metric lr>1', [2]],
  ['metric:accuracy<=0.95', [1, 2]],
  ['metric accuracy>0.9 status:failed', [2]],
  ['val/loss>0', []],
  ['n>1e15', [4]],
  ['nothing>1', []],
])('%s', (text, numbers) => {
  const filter = read(text);
  expect(filter.problems).toEqual([]);
  expect(RUNS.filter(run => filter.matches(run)).map(run => run.number)).toEqual(numbers);
});

test('a status may be named in the language of the reader', () => {
  const filter = read('status:失敗', 'ja');
  expect(RUNS.filter(run => filter.matches(run)).map(run => run.number)).toEqual([2]);
});

describe('what is wrong is told, and passed over', () => {
  test.each([
    ['state:failed digits', ['state:failed', 'state:', 'status:']],
    ['status:faild digits', ['faild', 'failed', 'Failed']],
    ['status: digits', ['status:', 'status:failed']],
    ['lr>abc digits', ['lr>abc', 'abc', '>']],
    ['lr> digits', ['lr>', 'lr>0.01']],
    ['digits metric', ['metric', 'metric accuracy>0.9']],
    ['metric:accuracy digits', ['accuracy', 'metric accuracy>0.9']],
  ])('%s', (text, named) => {
    const filter = read(text);
    expect(filter.problems).toHaveLength(1);
    for (const part of named) expect(filter.problems[0]!.toLowerCase()).toContain(part.toLowerCase());
    expect(RUNS.filter(run => filter.matches(run)).map(run => run.number)).toEqual([1, 2, 3]);
  });
});

test('every example of the help is understood', () => {
  for (const [, example] of EXAMPLES) {
    expect(read(example).problems, example).toEqual([]);
    expect(read(example).isEmpty, example).toBe(false);
  }
});

test.each([
  ['digits lr>0.1', { text: 'digits' }],
  ['status:failed', { status: ['Failed'] }],
  ['tag:a tag:b=1 x y', { tag: ['a', 'b=1'], text: 'x' }],
  ['experiment:digits', {}],
])('a server is asked no more than it can answer: %s', (text, query) => {
  expect(read(text).query).toEqual(query);
});
