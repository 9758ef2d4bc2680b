/** The columns of the table of child runs, and sorting by one. */

import { betterEnd, type Better } from '../compare/better';
import type { Row } from '../server/openapi';
import { numberOf, textOf } from '../panel/comparison';
import type { Value } from '../data/protocol';

/** A column of the table of child runs: what it is called, and what of a run stands in it. */
export interface ChildColumn {
  readonly key: string;
  readonly label: string;
  readonly kind: 'parameter' | 'metric';
  /** Whether it holds numbers, be they written as texts. */
  readonly isNumeric: boolean;
  /** Which end of the values is the good one, where that is known. */
  readonly better: Better | null;
  of(row: Row): Value | undefined;
}

/** What a sweep compares its runs by. */
export interface PrimaryMetric {
  readonly name: string;
  readonly end: Better['end'];
}

/** Read what a sweep's property says; null for anything else. */
export function primaryMetric(property: string): PrimaryMetric | null {
  try {
    const { name, goal } = JSON.parse(property) as { name?: unknown; goal?: unknown };
    if (typeof name !== 'string' || typeof goal !== 'string') return null;
    return { name, end: goal.toLowerCase().startsWith('min') ? 'lowest' : 'highest' };
  } catch {
    return null;
  }
}

/** So many columns at the most: of what the runs were given, and of what they logged. */
const MOST_PARAMETERS = 8;
const MOST_METRICS = 8;
/** The tag in which a run of a sweep has as JSON what are parameters of it, too. */
const SAID_TWICE = 'hyperparameters';

/** The columns in which child runs differ: what they were given, then what they logged; a sweep's metric first. */
export function childColumns(rows: readonly Row[], primary: PrimaryMetric | null): readonly ChildColumn[] {
  const parameters = namesOf(rows, row => ({ ...row.tags, ...row.parameters })).filter(
    name =>
      name !== SAID_TWICE && (new Set(rows.map(row => givenTo(row, name))).size > 1 || rows.length === 1),
  );
  const isNumeric = (name: string): boolean =>
    rows.every(row => !Number.isNaN(numberOf(givenTo(row, name) ?? 0)));
  const metrics = namesOf(rows, row => row.metrics).sort(
    (a, b) => Number(b === primary?.name) - Number(a === primary?.name),
  );
  return [
    ...parameters.slice(0, MOST_PARAMETERS).map<ChildColumn>(name => ({
      key: `parameter ${name}`,
      label: name,
      kind: 'parameter',
      isNumeric: isNumeric(name),
      better: null,
      of: row => givenTo(row, name),
    })),
    ...metrics.slice(0, MOST_METRICS).map<ChildColumn>(name => ({
      key: `metric ${name}`,
      label: name,
      kind: 'metric',
      isNumeric: true,
      better: name === primary?.name ? { end: primary.end, word: name } : betterEnd(name),
      of: row => (Object.hasOwn(row.metrics, name) ? row.metrics[name] : undefined),
    })),
  ];
}

/** Runs sorted by a column, those without a value last whichever way; numbers by size, texts as they are. */
export function sortedBy(rows: readonly Row[], column: ChildColumn, isDown: boolean): readonly Row[] {
  const sign = isDown ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [column.of(a), column.of(b)];
    const [x, y] = [left, right].map(value => numberOf(value ?? null)) as [number, number];
    if (!Number.isNaN(x) && !Number.isNaN(y)) return sign * (x - y);
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    if ((left === undefined) !== (right === undefined)) return left === undefined ? 1 : -1;
    return sign * textOf(left ?? null).localeCompare(textOf(right ?? null));
  });
}

function givenTo(row: Row, name: string): Value | undefined {
  if (Object.hasOwn(row.parameters, name)) return row.parameters[name];
  return Object.hasOwn(row.tags, name) ? (row.tags[name] ?? '') : undefined;
}

function namesOf(rows: readonly Row[], of: (row: Row) => object): string[] {
  return [...new Set(rows.flatMap(row => Object.keys(of(row))))];
}
