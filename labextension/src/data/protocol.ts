/** What the kernel and the page tell each other about a run; frames are the stream's, too. Python's half: `core/live/frame.py`. */

import type { Frame, Status } from '../server/openapi';

export type {
  Attempt,
  ColumnPart,
  ColumnType,
  Frame,
  Header,
  ImagePart,
  LogPart,
  MetricKind,
  MetricPart,
  RunError,
  Status,
  Value,
} from '../server/openapi';

export { PROTOCOL } from '../server/stream_messages';

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
