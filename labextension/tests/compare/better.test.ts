import { expect, test } from 'vitest';
import { bestPlaces, betterEnd } from '../../src/compare/better';

test.each([
  ['loss', 'lowest', 'loss'],
  ['val_loss', 'lowest', 'loss'],
  ['train/Loss', 'lowest', 'loss'],
  ['testError', 'lowest', 'error'],
  ['accuracy', 'highest', 'accuracy'],
  ['validationAccuracy', 'highest', 'accuracy'],
  ['roc-auc', 'highest', 'auc'],
  ['f1', 'highest', 'f1'],
] as const)('%s: the %s is better', (name, end, word) => {
  expect(betterEnd(name)).toEqual({ end, word });
});

test.each(['time', 'lossless', 'perplexity', 'mse', 'learning_rate', 'error_score', '損失', ''])(
  'of %s nothing is guessed',
  name => {
    expect(betterEnd(name)).toBeNull();
  },
);

test('the best of several, all that share it', () => {
  const lowest = { end: 'lowest', word: 'loss' } as const;
  expect([...bestPlaces([3, 1, 2, 1], lowest)]).toEqual([1, 3]);
  expect([...bestPlaces([0.2, null, 'x', { float: 'NaN' }, 0.1], { ...lowest, end: 'highest' })]).toEqual([
    0,
  ]);
});

test('none where nothing is better than something else', () => {
  const lowest = { end: 'lowest', word: 'loss' } as const;
  expect(bestPlaces([1, 1, null], lowest).size).toBe(0);
  expect(bestPlaces([1, null], lowest).size).toBe(0);
  expect(bestPlaces([], lowest).size).toBe(0);
});
