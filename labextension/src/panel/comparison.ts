/** A comparison in a filter (`lr>0.01`, `loss<=0.5`): read, and tried on a run. */

import type { Value } from '../data/protocol';
import type { Row } from '../server/openapi';

const OPERATORS = ['>=', '<=', '!=', '>', '<', '='] as const;

export type Operator = (typeof OPERATORS)[number];

/** A value compared with one of a run: of a parameter, else of a metric; of a metric alone if `isMetric`. */
export interface Comparison {
  readonly name: string;
  readonly operator: Operator;
  readonly value: string;
  readonly isMetric: boolean;
}

/** Read `lr>0.01`. Null if no operator is in it, or nothing before one. */
export function readComparison(word: string, isMetric: boolean): Comparison | null {
  const [, name, operator, value = ''] = /^([^<>=!]+)(>=|<=|!=|>|<|=)(.*)$/su.exec(word) ?? [];
  const known = OPERATORS.find(one => one === operator);
  return name === undefined || known === undefined ? null : { name, operator: known, value, isMetric };
}

/** Whether only numbers can be compared so. */
export function needsNumber(operator: Operator): boolean {
  return operator !== '=' && operator !== '!=';
}

/** Whether a run has the name, with a value that fulfils the comparison. */
export function fulfils(row: Row, { name, operator, value, isMetric }: Comparison): boolean {
  const has = (record: object): boolean => Object.hasOwn(record, name);
  const parameter = !isMetric && has(row.parameters) ? row.parameters[name] : undefined;
  const held = parameter ?? (has(row.metrics) ? row.metrics[name] : undefined);
  if (held === undefined) return false;
  const [left, right] = [numberOf(held), numberOf(value)];
  if (operator === '=') return left === right || textOf(held) === value;
  if (operator === '!=') return left !== right && textOf(held) !== value;
  if (operator === '>') return left > right;
  if (operator === '<') return left < right;
  return operator === '>=' ? left >= right : left <= right;
}

/** A value as a number; NaN for what is none. */
export function numberOf(value: Value): number {
  if (value === null || value === '') return NaN;
  if (typeof value === 'object') return Number('int' in value ? value.int : value.float);
  return Number(value);
}

/** A value as it was given; empty for none. */
export function textOf(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'object') return 'int' in value ? value.int : value.float;
  return String(value);
}
