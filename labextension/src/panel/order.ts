/** What the list of runs can be sorted by. */

import type { Row } from '../server/openapi';
import { numberOf } from './comparison';
import { STATUSES } from './stage';

/** What runs are sorted by. */
export const ORDERS = ['newest', 'name', 'duration', 'value', 'status'] as const;

export type Order = (typeof ORDERS)[number];

/** Runs in an order; those that are equal in it stand with the newest first. `metric`: whose value is compared. */
export function comparer(order: Order, metric: string | null): (a: Row, b: Row) => number {
  const first = FIRST[order];
  return (a, b) => first(a, b, metric) || newest(a, b);
}

const names = new Intl.Collator(undefined, { numeric: true });

const FIRST: Readonly<Record<Order, (a: Row, b: Row, metric: string | null) => number>> = {
  newest: () => 0,
  name: (a, b) => names.compare(a.display_name, b.display_name),
  duration: (a, b) => last(duration(b), duration(a)),
  value: (a, b, metric) => last(valueOf(b, metric), valueOf(a, metric)),
  status: (a, b) => STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status),
};

function newest(a: Row, b: Row): number {
  return b.created_at - a.created_at || b.number - a.number || (a.id < b.id ? 1 : -1);
}

/** How long a run took; one that is under way is as long as it is old. */
function duration({ started_at: start, ended_at: end }: Row): number {
  if (start === null) return NaN;
  return end === null ? Infinity : end - start;
}

function valueOf(row: Row, metric: string | null): number {
  return metric !== null && Object.hasOwn(row.metrics, metric) ? numberOf(row.metrics[metric] ?? null) : NaN;
}

/** The difference of two numbers, the larger first; what is none comes last. */
function last(b: number, a: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : b - a;
}
