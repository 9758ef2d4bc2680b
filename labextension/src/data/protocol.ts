/** What the kernel and the page tell each other about a run, protocol 1. Python's half: `core/live/frame.py`. */

import type { ColumnType, MetricKind, Status, Value } from '../server/openapi';

export type { ColumnType, MetricKind, Status, Value };

export const PROTOCOL = 1;

/** Why a run failed. Only the message is always known. */
export interface RunError {
  message: string;
  where: string | null;
  exit: string | null;
  next: string | null;
}

/** All that is said about a run besides metrics, log and images. Times are seconds since the epoch. */
export interface Header {
  run_id: string;
  /** Its number in its experiment, from 1: a run's colour comes from it. */
  number: number;
  name: string;
  experiment: string;
  workspace: string;
  status: Status;
  target: string;
  resources: string;
  created_at: number | null;
  started_at: number | null;
  ended_at: number | null;
  elapsed_s: number | null;
  arguments: string;
  tags: Record<string, string | null>;
  error: RunError | null;
  /** What was captured with a cell: how many of the notebook's names, and all that was copied; null for what is no cell. */
  travelled?: { names: number; bytes: number } | null;
  interactive: boolean;
  /** Which start of it by its engine this is, from 1: more than once where that took its machine away, or lost it. */
  attempt?: number;
  log_size: number;
  cancelable: boolean;
  /** How many processes a distributed run is, each with a log of its own; 0 for any other. */
  ranks?: number;
  notes: string[];
}

/** `number` as soon as a column holds one, `text` if it holds texts alone, else `other`: true, false, nothing. */

/** A column's new values: float64 in the buffer with this number, or text. */
export interface ColumnPart {
  name: string;
  type: ColumnType;
  /** False if its numbers turn, so that no line can be drawn over them. */
  ordered?: boolean;
  buffer: number | null;
  text: (string | null)[] | null;
  last: Value;
}

/** New rows of a metric: they replace what is held from `at` on, which is then `length` rows long. */
export interface MetricPart {
  name: string;
  kind: MetricKind;
  rows: number;
  columns: ColumnPart[];
  at: number;
  length: number;
  /** Each start of the run by its engine but the first: its number, from 2, and where in a chart it begins. */
  attempts?: readonly Attempt[];
}

export type Attempt = readonly [number: number, x: number];

/** Bytes `start` to `end` of a log of `size` bytes. */
export interface LogPart {
  start: number;
  end: number;
  size: number;
  reset: boolean;
  buffer: number;
}

/** An image of the run, or a page that it displayed; without a buffer when it is too large to show, or was sent before. */
export interface ImagePart {
  name: string;
  path: string;
  mime: string;
  bytes: number;
  buffer: number | null;
}

export interface Frame {
  type: 'frame';
  protocol: number;
  frame: number;
  reset: boolean;
  header?: Header | null;
  metrics?: MetricPart[];
  log?: LogPart | null;
  images?: ImagePart[];
}

export type FromKernel =
  | Frame
  | { type: 'log'; start: number; end: number }
  | { type: 'rank_log'; rank: number; start: number; size: number }
  | { type: 'error'; message: string }
  | { type: 'bundle'; version: string; encoding?: 'gzip' };

export type ToKernel =
  | { type: 'hello'; protocol: number; frame: number }
  /** Nobody looks here: the page has the run from its server. */
  | { type: 'leave' }
  | { type: 'log'; start: number; end: number }
  /** What a process of a distributed run has printed, from a byte on; its end for null. */
  | { type: 'rank_log'; rank: number; start: number | null }
  | { type: 'cancel' }
  | { type: 'bundle'; version: string };

const TERMINAL: ReadonlySet<Status> = new Set<Status>(['Completed', 'Failed', 'Canceled', 'Damaged']);

export function isTerminal(status: Status): boolean {
  return TERMINAL.has(status);
}

/** A message's binary part, as front ends hand it over. */
export type WireBuffer = DataView | ArrayBuffer | Uint8Array;

export function bytesOf(buffer: WireBuffer): Uint8Array {
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** Float64 values from a buffer: copied, since a part of a message seldom starts on an eighth byte. */
export function numbersOf(buffer: WireBuffer): Float64Array {
  return new Float64Array(bytesOf(buffer).slice().buffer);
}
