import { bytesOf } from '../src/data/protocol';
import type { ToServer } from '../src/server/stream_messages';
import { FakeKernel, type News } from './fake_kernel';

/** Stands for the browser's websocket; `FakeServer` is at its other end. */
class FakeSocket {
  binaryType = 'blob';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  isClosed = false;

  constructor(
    readonly url: string,
    private readonly server: FakeServer,
  ) {
    server.sockets.push(this);
  }

  send(text: string): void {
    if (!this.isClosed) this.server.receive(JSON.parse(text) as ToServer);
  }

  close(): void {
    this.isClosed = true;
  }
}

/** Stands for the server's live stream: takes what a page asks for, numbers frames, sends what a test says. */
export class FakeServer {
  readonly sockets: FakeSocket[] = [];
  /** What was asked for on all connections. */
  readonly received: ToServer[] = [];
  epoch = 'first';
  /** Whether a sign of life is answered. */
  isAlive = true;
  /** To hand to a connection. */
  readonly WebSocket: typeof WebSocket;
  private kernel = new FakeKernel();

  constructor() {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- a constructor's `this` is another
    const server = this;
    this.WebSocket = class extends FakeSocket {
      constructor(url: string) {
        super(url, server);
      }
    } as unknown as typeof WebSocket;
  }

  /** The last connection. */
  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error('nobody connected');
    return last;
  }

  /** What was asked for, of one kind. */
  asked<Type extends ToServer['type']>(type: Type): Extract<ToServer, { type: Type }>[] {
    return this.received.filter(message => message.type === type) as Extract<ToServer, { type: Type }>[];
  }

  accept(): void {
    this.socket.onopen?.();
  }

  /** End the connection, or refuse it if it wasn't accepted. */
  end(): void {
    const { socket } = this;
    socket.isClosed = true;
    socket.onclose?.();
  }

  receive(message: ToServer): void {
    if (message.type === 'ping' && this.isAlive) this.say({ type: 'pong' });
    this.received.push(message);
  }

  say(message: object): void {
    this.socket.onmessage?.({ data: JSON.stringify(message) });
  }

  /** Send a frame to the channel asked for last. */
  tell(news: News): void {
    this.socket.onmessage?.({ data: this.frame(news) });
  }

  /** Number a frame that isn't sent. */
  lose(news: News): void {
    this.kernel.lose(news);
  }

  /** A new process, that counts its frames anew. */
  restart(): void {
    this.epoch += "'s successor";
    this.kernel = new FakeKernel();
  }

  private frame(news: News): ArrayBuffer {
    let message = new ArrayBuffer(0);
    const pack: Parameters<FakeKernel['on']>[1] = (content, buffers) => {
      const parts = buffers.map(bytesOf);
      const lengths = parts.map(part => part.length);
      const channel = this.asked('follow').at(-1)?.channel;
      message = packed({ ...content, channel, epoch: this.epoch, lengths }, parts);
    };
    this.kernel.on('msg:custom', pack);
    this.kernel.tell(news);
    this.kernel.off('msg:custom', pack);
    return message;
  }
}

/** A binary message: the length of its JSON, the JSON, the buffers. */
function packed(content: object, buffers: readonly Uint8Array[]): ArrayBuffer {
  const json = new TextEncoder().encode(JSON.stringify(content));
  const message = new Uint8Array(buffers.reduce((sum, buffer) => sum + buffer.length, 4 + json.length));
  new DataView(message.buffer).setUint32(0, json.length, true);
  let at = 4;
  for (const part of [json, ...buffers]) {
    message.set(part, at);
    at += part.length;
  }
  return message.buffer;
}
