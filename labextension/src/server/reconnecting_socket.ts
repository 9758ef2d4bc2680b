/** A websocket that connects again by itself. */

import { ServerError } from './api';
import { Backoff } from './backoff';

/** `idle`: nothing to say, so no socket. `retrying`: the connection was lost, or never came about. */
export type ConnectionState = 'idle' | 'connecting' | 'open' | 'retrying';

/**
 * Why there is no connection: nobody answers; the login is no longer valid; the server has no cellrun extension; the
 * server answers, but not on a websocket (a proxy that doesn't pass them on).
 */
export type Trouble = 'unreachable' | 'denied' | 'missing' | 'blocked';

export interface SocketOptions {
  /** Ask the server something by plain HTTP, to find out why it refuses the websocket. */
  readonly ask?: () => Promise<unknown>;
  readonly WebSocket?: typeof WebSocket;
  readonly random?: () => number;
  /** Where `online`, `focus` and `visibilitychange` happen: the window. */
  readonly page?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;
}

/** What is done with an open socket. */
export interface SocketListener {
  opened(): void;
  message(data: unknown): void;
  /** `state`, `retryAt` or `trouble` changed. */
  changed(): void;
}

/** A connection that doesn't open within this time won't. */
const OPEN_MS = 15_000;
/** A connection that lasted so long was a good one: the next tries begin anew. */
const GOOD_MS = 5_000;
/** How often it is looked at whether the connection is alive. */
const WATCH_MS = 5_000;
/** After so long without a message, a sign of life is asked for; it must come within the patience. */
const QUIET_MS = 20_000;
const PATIENCE_MS = 10_000;
/** A watch that comes so late means that the computer slept. */
const SLEPT_MS = 3 * WATCH_MS;
const WAKE_EVENTS = ['online', 'focus', 'visibilitychange'];
const PING = JSON.stringify({ type: 'ping' });

/**
 * A websocket that comes back: after the server was gone, the network was, or the computer slept.
 *
 * Responsibilities: when to connect and when to try again; noticing that a connection is dead; why there is none.
 */
export class ReconnectingSocket {
  state: ConnectionState = 'idle';
  /** When it is tried again (epoch milliseconds), while `retrying`. */
  retryAt: number | null = null;
  /** Why there is no connection, while `retrying`. */
  trouble: Trouble | null = null;
  private socket: WebSocket | null = null;
  private readonly backoff: Backoff;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watching: ReturnType<typeof setInterval> | undefined;
  private heardAt = 0;
  private watchedAt = 0;
  private pingedAt: number | null = null;

  constructor(
    private readonly url: () => string,
    private readonly listener: SocketListener,
    private readonly options: SocketOptions = {},
  ) {
    this.backoff = new Backoff(options.random);
    for (const event of WAKE_EVENTS) this.page?.addEventListener(event, this.wake);
  }

  /** Connect, if that isn't done or about to be. */
  open(): void {
    if (this.state === 'idle') this.connect();
  }

  /** Disconnect, until `open`. */
  close(): void {
    this.drop();
    this.backoff.reset();
    this.become('idle');
  }

  /** Don't wait for the next try. */
  retry(): void {
    if (this.state === 'retrying') this.connect();
  }

  /** Send a text, if the connection is open. */
  send(text: string): void {
    if (this.state === 'open') this.socket?.send(text);
  }

  /** Disconnect for good. */
  dispose(): void {
    for (const event of WAKE_EVENTS) this.page?.removeEventListener(event, this.wake);
    this.close();
  }

  private get page(): SocketOptions['page'] {
    // Not in Node, nor in a worker without one.
    return this.options.page ?? ('addEventListener' in globalThis ? globalThis : undefined);
  }

  private connect(): void {
    this.drop();
    const socket = (this.socket = new (this.options.WebSocket ?? WebSocket)(this.url()));
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.opened();
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      this.heardAt = Date.now();
      this.pingedAt = null;
      this.listener.message(data);
    };
    socket.onclose = () => this.lost();
    this.timer = setTimeout(() => this.lost(), OPEN_MS);
    this.become('connecting');
  }

  private opened(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.backoff.reset(), GOOD_MS);
    this.heardAt = this.watchedAt = Date.now();
    this.watching = setInterval(() => this.watch(), WATCH_MS);
    this.become('open');
    this.listener.opened();
  }

  /** Let the socket go, at once: on a dead line the closing handshake would wait for ever. */
  private drop(): void {
    clearTimeout(this.timer);
    clearInterval(this.watching);
    this.pingedAt = null;
    if (!this.socket) return;
    Object.assign(this.socket, { onopen: null, onmessage: null, onclose: null });
    this.socket.close();
    this.socket = null;
  }

  private lost(): void {
    const wasOpen = this.state === 'open';
    this.drop();
    const wait = this.backoff.next();
    this.timer = setTimeout(() => this.connect(), wait);
    this.become('retrying', Date.now() + wait, (wasOpen ? null : this.trouble) ?? 'unreachable');
    if (!wasOpen) void this.findTrouble();
  }

  /** A browser doesn't say why a websocket was refused: ask the server by HTTP. */
  private async findTrouble(): Promise<void> {
    if (!this.options.ask) return;
    const trouble = await this.options.ask().then((): Trouble => 'blocked', troubleOf);
    if (this.state === 'retrying' && trouble !== this.trouble) this.become('retrying', this.retryAt, trouble);
  }

  private watch(): void {
    const now = Date.now();
    const slept = now - this.watchedAt >= SLEPT_MS;
    this.watchedAt = now;
    if (slept) this.pingedAt = null; // the answer may have come while nobody was there to hear it
    if (this.pingedAt !== null) {
      if (now - this.pingedAt >= PATIENCE_MS) this.lost();
    } else if (slept || now - this.heardAt >= QUIET_MS) this.ping();
  }

  private ping(): void {
    this.pingedAt = Date.now();
    this.send(PING);
  }

  /** The network is back, or someone looks at the page again. */
  private readonly wake = (): void => {
    if (this.state === 'open' && this.pingedAt === null) this.ping();
    else this.retry();
  };

  private become(
    state: ConnectionState,
    retryAt: number | null = null,
    trouble: Trouble | null = null,
  ): void {
    this.state = state;
    this.retryAt = retryAt;
    if (state !== 'connecting') this.trouble = trouble; // until it is open, what was wrong still is
    this.listener.changed();
  }
}

function troubleOf(error: unknown): Trouble {
  // A login page in place of the answer isn't JSON.
  if (!(error instanceof ServerError)) return error instanceof SyntaxError ? 'denied' : 'unreachable';
  if (error.status === 401 || error.status === 403) return 'denied';
  return error.status === 404 ? 'missing' : 'unreachable';
}
