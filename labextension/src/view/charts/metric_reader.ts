/** Reads the curves of a metric from the run's source: all or a part of x. */

import type { Value } from '../../data/protocol';
import type { RunSource } from '../../data/source';
import type { MetricColumns } from '../../server/openapi';
import type { Curve } from './curve';

/** Points asked for at a time: about as many as a chart is wide. */
const POINTS = 1000;

/** What of a metric is read. */
export interface MetricPartQuery {
  readonly name: string;
  /** `step`, `time` or a column. */
  readonly x: string;
  readonly from?: number;
  readonly to?: number;
}

/**
 * Reads curves of a metric from where they are kept. Times become seconds since `startedAt` (epoch seconds).
 *
 * Raises: the source's error, if it can't be read.
 */
export async function readCurves(
  read: NonNullable<RunSource['readMetric']>,
  { name, x, from, to }: MetricPartQuery,
  lines: readonly string[],
  startedAt: number,
): Promise<readonly Curve[]> {
  const zero = x === 'time' ? startedAt : 0;
  const answer = await read({
    name,
    x,
    points: POINTS,
    ...(from === undefined ? {} : { from: from + zero }),
    ...(to === undefined ? {} : { to: to + zero }),
  });
  const places = numbers(answer, answer.x).map(value => value - zero);
  return lines.map(line => ({ name: line, x: places, y: numbers(answer, line) }));
}

function numbers({ columns }: MetricColumns, name: string): Float64Array {
  const values = columns.find(column => column.name === name)?.values ?? [];
  return Float64Array.from(values, numberOf);
}

function numberOf(value: Value): number {
  if (value === null) return NaN;
  if (typeof value === 'object') return 'int' in value ? Number(value.int) : Number(value.float);
  return Number(value);
}
