/** An experiment's runs as the list groups them, with the metric that is shown of them. */

import type { Row } from '../server/openapi';
import { numberOf } from './comparison';
import { stageOf } from './stage';

/** So many of the newest runs say what their experiment's metric is. */
const ASKED = 50;

/** Words in names of metrics that say which end is the good one. */
const LOW_IS_GOOD = /loss|err|mse|mae|rmse|perplex|ppl|latency|cost|nll|divergence/iu;
const HIGH_IS_GOOD = /acc|auc|f1|score|r2|precision|recall|reward|bleu|rouge|map\b|iou|dice/iu;

/** An experiment's runs that fit the filter, in their order. */
export class Group {
  constructor(
    readonly name: string,
    /** Newest first, whatever they are shown by. */
    readonly newest: readonly Row[],
    /** The metric that was chosen, or null: the one that most of its runs have a course or a number of. */
    chosen: string | null,
  ) {
    this.metric = chosen ?? usualMetric(newest);
  }

  /** Whose value and course are shown. */
  readonly metric: string | null;

  get done(): number {
    return this.newest.filter(row => stageOf(row.status) === 'done').length;
  }

  /** Names of all metrics of which its runs have numbers, sorted. */
  get metrics(): readonly string[] {
    return [...new Set(this.newest.flatMap(numbersOf))].sort();
  }

  /** The best of the last values, where the metric's name says what is good; null where it doesn't. */
  get best(): number | null {
    const { metric } = this;
    if (metric === null) return null;
    const isLow = LOW_IS_GOOD.test(metric);
    if (!isLow && !HIGH_IS_GOOD.test(metric)) return null;
    const values = this.newest
      .filter(row => Object.hasOwn(row.metrics, metric))
      .map(row => numberOf(row.metrics[metric] ?? null))
      .filter(value => !Number.isNaN(value));
    if (values.length === 0) return null;
    return values.reduce((best, value) => (isLow ? Math.min(best, value) : Math.max(best, value)));
  }
}

/** Names of a run's metrics whose value is a number, NaN among them; a text is read in its view. */
function numbersOf({ metrics }: Row): readonly string[] {
  return Object.keys(metrics).filter(name =>
    ['number', 'object'].includes(typeof (metrics[name] ?? undefined)),
  );
}

function usualMetric(rows: readonly Row[]): string | null {
  const counts = new Map<string, number>();
  for (const row of rows.slice(0, ASKED)) {
    const [name = numbersOf(row)[0]] = Object.keys(row.sparks);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].reduce<[string | null, number]>(
    (most, one) => (one[1] > most[1] ? one : most),
    [null, 0],
  )[0];
}
