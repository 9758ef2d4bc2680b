/** What a page and the server tell each other over the live stream, a websocket. The server's half: `cellrun/server/stream/stream.py`. */

import type { Frame, Pong, RowsNews, StreamRefusal } from './openapi';

export type { RowsNews, ToServer } from './openapi';

/** The version of the frames, which a kernel's comm speaks too. Python's half: `core/live/frame.py`. */
export const PROTOCOL = 1;

/** A frame of a run, for the channel on which it is followed. The buffers come right after the JSON. */
export type ChannelFrame = Frame & {
  readonly channel: number;
  readonly epoch: string;
  readonly lengths: readonly number[];
};

export type FromServer = RowsNews | StreamRefusal | Pong;

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
