/** Whether a metric is better high or low, by the words in its name; which runs have its best values. */

import type { Value } from '../data/protocol';

/** Which end of a metric's values is the better one, and the word in its name that says so. */
export interface Better {
  readonly end: 'lowest' | 'highest';
  readonly word: string;
}

/** Words that say it; of all other names nothing is guessed. */
const LESS: ReadonlySet<string> = new Set(['loss', 'error']);
const MORE: ReadonlySet<string> = new Set(['accuracy', 'score', 'auc', 'f1']);

/** Which end is better, by the words that a metric's name is made of (`val_loss`, `testAccuracy`); null: not known. */
export function betterEnd(name: string): Better | null {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const less = words.find(word => LESS.has(word));
  const more = words.find(word => MORE.has(word));
  if ((less === undefined) === (more === undefined)) return null; // of `error_score` nobody knows
  return less === undefined ? { end: 'highest', word: more ?? '' } : { end: 'lowest', word: less };
}

/** The places of the best values; none where all are the same, or fewer than two are numbers. */
export function bestPlaces(values: readonly Value[], { end }: Better): ReadonlySet<number> {
  const numbers = values.map(value => (typeof value === 'number' && !Number.isNaN(value) ? value : null));
  const known = numbers.filter(value => value !== null);
  const best = end === 'lowest' ? Math.min(...known) : Math.max(...known);
  if (known.length < 2 || known.every(value => value === best)) return new Set();
  return new Set(numbers.flatMap((value, i) => (value === best ? [i] : [])));
}
