import {
  bytesOf,
  isTerminal,
  PROTOCOL,
  type Frame,
  type FromKernel,
  type ToKernel,
  type WireBuffer,
} from './protocol';
import { RunState, type Change } from './run_state';
import type { Listener, RunSource } from './source';

/** The part of a widget's model that is used here; anywidget hands it over. */
export interface Model {
  send(content: ToKernel): void;
  on(event: 'msg:custom', callback: (content: FromKernel, buffers: WireBuffer[]) => void): void;
  off(event: 'msg:custom', callback: (content: FromKernel, buffers: WireBuffer[]) => void): void;
}

/** Bytes of older log asked for at a time. */
const OLDER_LOG_BYTES = 256 * 1024;
/** While a run goes on, frames come at least this often, or something was lost. */
const QUIET_MS = 3_000;
/** Asking again is put off ever longer: a kernel that is busy answers all of it at once when it is free. */
const LONGEST_PAUSE_MS = 60_000;
const SHORTEST_PAUSE_MS = 1_000;
/** After so long, the reader is told. */
const SILENCE_MS = 15_000;

const NOTHING: Change = { header: false, metrics: new Set(), images: false, log: false };

/**
 * A run as a kernel tells of it, over a widget's comm.
 *
 * Frames are numbered. The Jupyter server drops messages of a kernel that floods, so after a gap, or when nothing comes,
 * a whole frame is asked for (`hello`).
 */
export class CommSource implements RunSource {
  readonly state = new RunState();
  problem: string | null = null;
  isLost = false;
  private readonly listeners = new Set<Listener>();
  private lastFrame = -1;
  private missed = false;
  private heardAt = Date.now();
  private askedAt = -Infinity;
  private pause = SHORTEST_PAUSE_MS;
  private olderAskedAt = -Infinity;
  private timer: ReturnType<typeof setInterval>;

  constructor(private readonly model: Model) {
    model.on('msg:custom', this.receive);
    this.timer = setInterval(this.watch, SHORTEST_PAUSE_MS);
  }

  get silentSince(): number | null {
    return !this.isLost && !this.ended && Date.now() - this.heardAt >= SILENCE_MS ? this.heardAt : null;
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  cancel(): void {
    this.send({ type: 'cancel' });
  }

  readOlderLog(): void {
    const { start, room } = this.state.log;
    const most = Math.min(start, room, OLDER_LOG_BYTES);
    if (most <= 0 || Date.now() - this.olderAskedAt < QUIET_MS) return;
    this.olderAskedAt = Date.now();
    this.send({ type: 'log', start: start - most, end: start });
  }

  /** Ask for a whole frame, unless that was done just now. */
  hello(): void {
    if (Date.now() - this.askedAt < this.pause) return;
    this.askedAt = Date.now();
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
    this.send({ type: 'hello', protocol: PROTOCOL, frame: this.lastFrame });
  }

  dispose(): void {
    clearInterval(this.timer);
    this.model.off('msg:custom', this.receive);
    this.listeners.clear();
  }

  /** Take in a message of the kernel. */
  readonly receive = (content: FromKernel, buffers: WireBuffer[]): void => {
    const wasSilent = this.silentSince !== null;
    this.heardAt = Date.now();
    if (content.type === 'frame') this.frame(content, buffers);
    else if (content.type === 'log') this.older(content.start, buffers[0]);
    else if (content.type === 'error') {
      this.problem = content.message;
      this.tell({ ...NOTHING, header: true });
    }
    if (wasSilent) this.tell({ ...NOTHING, header: true });
  };

  private frame(frame: Frame, buffers: WireBuffer[]): void {
    if (frame.protocol !== PROTOCOL) {
      this.problem = `The kernel's cellrun speaks protocol ${frame.protocol}, this page's ${PROTOCOL}: install one version in both.`;
      this.tell({ ...NOTHING, header: true });
      return;
    }
    this.missed = !frame.reset && (this.missed || frame.frame !== this.lastFrame + 1);
    this.lastFrame = frame.frame;
    const { change, complete } = this.state.apply(frame, buffers, this.missed);
    if (this.missed || !complete) this.hello();
    else this.pause = SHORTEST_PAUSE_MS;
    this.tell(change);
  }

  private older(start: number, buffer: WireBuffer | undefined): void {
    this.olderAskedAt = -Infinity;
    if (buffer && this.state.log.prepend(start, bytesOf(buffer).slice()))
      this.tell({ ...NOTHING, log: true });
  }

  private readonly watch = (): void => {
    if (this.ended || this.isLost) clearInterval(this.timer);
    else if (Date.now() - this.heardAt >= QUIET_MS) {
      this.hello();
      if (this.silentSince !== null) this.tell({ ...NOTHING, header: true });
    }
  };

  private send(content: ToKernel): void {
    try {
      this.model.send(content);
    } catch {
      // A comm throws ("Cannot send") once its kernel was restarted or shut down; it never comes back.
      this.isLost = true;
      this.tell({ ...NOTHING, header: true });
    }
  }

  private get ended(): boolean {
    const { header } = this.state;
    return header !== null && isTerminal(header.status) && !this.missed;
  }

  private tell(change: Change): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}
