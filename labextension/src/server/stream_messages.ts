/** What a page and the server tell each other over the live stream, a websocket. The server's half: `cellrun/server/stream/stream.py`. */

import type { Frame } from '../data/protocol';
import type { Row } from './types';

/** A frame of a run, for the channel on which it is followed. The buffers come right after the JSON. */
export type ChannelFrame = Frame & {
  readonly channel: number;
  readonly epoch: string;
  readonly lengths: readonly number[];
};

/** Rows that changed. `reset`: the list is to be loaded again, and `rows` is empty; `cursor` goes on from there. */
export interface RowsNews {
  readonly type: 'rows';
  readonly channel: number;
  readonly epoch: string;
  readonly cursor: number;
  readonly reset: boolean;
  readonly rows: readonly Row[];
  /** Ids of runs that are no longer there. */
  readonly gone: readonly string[];
}

/** What the server can't do. Without a channel: the message itself was wrong. */
export interface Refusal {
  readonly type: 'error';
  readonly channel: number | null;
  readonly status: number;
  readonly message: string;
}

/** A sign of life. */
interface Pong {
  readonly type: 'pong';
}

export type FromServer = RowsNews | Refusal | Pong;

/** `epoch`: as it was received, null at first. `frame`, `cursor`: the last one held, -1 for none. */
export type ToServer =
  | {
      readonly type: 'follow';
      readonly channel: number;
      readonly workspace: string;
      readonly run: string;
      readonly protocol: number;
      readonly epoch: string | null;
      readonly frame: number;
    }
  | {
      readonly type: 'list';
      readonly channel: number;
      readonly workspace: string;
      readonly sparks: readonly string[];
      readonly epoch: string | null;
      readonly cursor: number;
    }
  | { readonly type: 'leave'; readonly channel: number }
  | { readonly type: 'ping' };

/** Take a binary message apart: the length of its JSON (uint32, little endian), the JSON, the buffers. */
export function readFrame(message: ArrayBuffer): { content: ChannelFrame; buffers: Uint8Array[] } {
  const end = 4 + new DataView(message).getUint32(0, true);
  const text = new TextDecoder().decode(new Uint8Array(message, 4, end - 4));
  const content = JSON.parse(text) as ChannelFrame;
  let at = end;
  const buffers = content.lengths.map(length => {
    at += length;
    return new Uint8Array(message, at - length, length);
  });
  return { content, buffers };
}
