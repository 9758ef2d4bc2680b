/** A page's live stream: runs and lists are followed over one websocket. */

import type { RunKey } from './api';
import type { Frame } from './openapi';
import {
  ReconnectingSocket,
  type ConnectionState,
  type SocketOptions,
  type Trouble,
} from './reconnecting_socket';
import { PROTOCOL, readFrame, type FromServer, type RowsNews, type ToServer } from './stream_messages';

/** Who hears of one run. */
export interface RunListener {
  frame(frame: Frame, buffers: readonly Uint8Array[]): void;
  /** The server can't follow the run: 404 if there is none. Told again after each reconnection, until it is left. */
  error(status: number, message: string): void;
}

/** Who hears of a workspace's list of runs. */
export interface RowsListener {
  rows(news: RowsNews): void;
  error(status: number, message: string): void;
}

/** A run that is followed. */
export interface Following {
  /** Ask again: for a whole frame if one was lost, else for what comes after the last. */
  again(whole: boolean): void;
  leave(): void;
}

/** A list that is followed. */
export interface Listing {
  /** Have other metrics' courses in the rows that come from now on. */
  setSparks(sparks: readonly string[]): void;
  leave(): void;
}

/** One subscription: what to ask for whenever the socket opens, and what its answers do. */
interface Channel {
  ask(channel: number): ToServer;
  frame?(frame: Frame, epoch: string, buffers: readonly Uint8Array[]): void;
  rows?(news: RowsNews): void;
  error(status: number, message: string): void;
}

/** Without a subscription, the socket is closed after this time: opening a run after another needs no new one. */
const IDLE_MS = 10_000;

/**
 * The page's one connection to the server's live stream; runs and lists share it, each on a channel of its own.
 *
 * It comes back by itself, and each channel goes on from the last frame or cursor that it had.
 */
export class Connection {
  private readonly socket: ReconnectingSocket;
  private readonly channels = new Map<number, Channel>();
  private readonly listeners = new Set<() => void>();
  private nextChannel = 1;
  private idle: ReturnType<typeof setTimeout> | undefined;

  constructor(url: () => string, options: SocketOptions = {}) {
    const listener = {
      opened: () => this.resume(),
      message: (data: unknown) => this.receive(data),
      changed: () => this.tell(),
    };
    this.socket = new ReconnectingSocket(url, listener, options);
  }

  get state(): ConnectionState {
    return this.socket.state;
  }

  /** When it is tried again (epoch milliseconds), while the state is `retrying`. */
  get retryAt(): number | null {
    return this.socket.retryAt;
  }

  /** Why there is no connection, from when it was lost until it is open again. */
  get trouble(): Trouble | null {
    return this.socket.trouble;
  }

  /** Call `listener` when the state, or what is known of the trouble, changes. Returns how to end that. */
  onState(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Try at once, while the state is `retrying`. */
  retry(): void {
    this.socket.retry();
  }

  /** Hear of a run, from its whole state on. */
  follow({ workspace, run }: RunKey, listener: RunListener): Following {
    let epoch: string | null = null;
    let frame = -1;
    const subscription = this.subscribe({
      ask: channel => ({ type: 'follow', channel, workspace, run, protocol: PROTOCOL, epoch, frame }),
      frame: (content, newEpoch, buffers) => {
        epoch = newEpoch;
        frame = content.frame;
        listener.frame(content, buffers);
      },
      error: (status, message) => listener.error(status, message),
    });
    return {
      again: whole => {
        if (whole) frame = -1;
        subscription.again();
      },
      leave: subscription.leave,
    };
  }

  /** Hear of changes of a workspace's runs: first a `reset`, after which the list is loaded by REST. */
  list(workspace: string, sparks: readonly string[], listener: RowsListener): Listing {
    let wanted = sparks;
    let epoch: string | null = null;
    let cursor = -1;
    const subscription = this.subscribe({
      ask: channel => ({ type: 'list', channel, workspace, sparks: wanted, epoch, cursor }),
      rows: news => {
        ({ epoch, cursor } = news);
        listener.rows(news);
      },
      error: (status, message) => listener.error(status, message),
    });
    return {
      setSparks: changed => {
        wanted = changed;
        subscription.again();
      },
      leave: subscription.leave,
    };
  }

  /** End it; what was followed hears no more. */
  dispose(): void {
    clearTimeout(this.idle);
    this.channels.clear();
    this.listeners.clear();
    this.socket.dispose();
  }

  private subscribe(channel: Channel): { again: () => void; leave: () => void } {
    let number = 0;
    const begin = (): void => {
      number = this.nextChannel++;
      this.channels.set(number, channel);
      this.send(channel.ask(number));
    };
    const leave = (): void => {
      if (!this.channels.delete(number)) return;
      this.send({ type: 'leave', channel: number });
      if (this.channels.size === 0) this.idle = setTimeout(() => this.socket.close(), IDLE_MS);
    };
    begin();
    clearTimeout(this.idle);
    this.socket.open();
    return {
      // On a number of its own: what is still under way on the old one is heard by nobody.
      again: () => {
        if (!this.channels.delete(number)) return;
        this.send({ type: 'leave', channel: number });
        begin();
      },
      leave,
    };
  }

  /** The socket is open: ask for everything, from where it stopped. */
  private resume(): void {
    for (const [number, channel] of this.channels) this.send(channel.ask(number));
  }

  private receive(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      const { content, buffers } = readFrame(data);
      this.channels.get(content.channel)?.frame?.(content, content.epoch, buffers);
    } else if (typeof data === 'string') {
      const message = JSON.parse(data) as FromServer;
      if (message.type === 'rows') this.channels.get(message.channel)?.rows?.(message);
      else if (message.type === 'error' && message.channel !== null)
        this.channels.get(message.channel)?.error(message.status, message.message);
    }
  }

  private send(message: ToServer): void {
    this.socket.send(JSON.stringify(message));
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
