import { bytesOf, isTerminal, PROTOCOL, type Frame, type WireBuffer } from './protocol';
import { RunState, type Change } from './run_state';
import type { Listener, RunSource } from './source';

/** Bytes of older log asked for at a time. */
const OLDER_LOG_BYTES = 256 * 1024;
/** While a run goes on, frames come at least this often, or something was lost. */
const QUIET_MS = 3_000;
/** Asking again is put off ever longer: who is busy answers all of it at once when free. */
const LONGEST_PAUSE_MS = 60_000;
const SHORTEST_PAUSE_MS = 1_000;
/** After so long, the reader is told. */
const SILENCE_MS = 15_000;

const NOTHING: Change = { header: false, metrics: new Set(), images: false, log: false };

/**
 * A run as numbered frames tell of it, whatever brings them.
 *
 * After a gap, or when nothing comes, a whole frame is asked for, ever more seldom.
 */
export abstract class FramedSource implements RunSource {
  abstract readonly fedBy: RunSource['fedBy'];
  abstract readonly disconnected: RunSource['disconnected'];
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
  private readonly timer = setInterval(() => this.watch(), SHORTEST_PAUSE_MS);

  get silentSince(): number | null {
    const isSilent =
      this.isReachable && !this.isLost && !this.ended && Date.now() - this.heardAt >= SILENCE_MS;
    return isSilent ? this.heardAt : null;
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  abstract cancel(): void;

  readOlderLog(): void {
    const { start, room } = this.state.log;
    const most = Math.min(start, room, OLDER_LOG_BYTES);
    if (most <= 0 || Date.now() - this.olderAskedAt < QUIET_MS) return;
    this.olderAskedAt = Date.now();
    this.askLog(start - most, start);
  }

  /** Ask for what is lacked, unless that was done just now. `lacks`: frames were lost, or none came yet. */
  hello(lacks = true): void {
    if (Date.now() - this.askedAt < this.pause) return;
    this.askedAt = Date.now();
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
    this.ask(this.lastFrame, lacks);
  }

  dispose(): void {
    clearInterval(this.timer);
    this.listeners.clear();
  }

  /** Whether there is someone to ask. */
  protected abstract get isReachable(): boolean;
  /** Ask for what comes after this frame; for a whole one if frames before it are lacked. */
  protected abstract ask(lastFrame: number, lacks: boolean): void;
  /** Ask for bytes of the log; they come to `older`. */
  protected abstract askLog(start: number, end: number): void;
  /** What to say to a frame of another protocol. */
  protected abstract otherProtocol(protocol: number): string;

  /** Note a sign of life. */
  protected heard(): void {
    const wasSilent = this.silentSince !== null;
    this.heardAt = Date.now();
    if (wasSilent) this.tellTrouble();
  }

  protected frame(frame: Frame, buffers: readonly WireBuffer[]): void {
    this.heard();
    if (frame.protocol !== PROTOCOL) {
      this.refuse(this.otherProtocol(frame.protocol));
      return;
    }
    this.missed = !frame.reset && (this.missed || frame.frame !== this.lastFrame + 1);
    this.lastFrame = frame.frame;
    const { change, complete } = this.state.apply(frame, buffers, this.missed);
    if (this.missed || !complete) this.hello();
    else this.pause = SHORTEST_PAUSE_MS;
    this.tell(change);
  }

  protected older(start: number, buffer: WireBuffer | undefined): void {
    this.olderAskedAt = -Infinity;
    if (buffer && this.state.log.prepend(start, bytesOf(buffer).slice()))
      this.tell({ ...NOTHING, log: true });
  }

  /** Tell the reader what can't be done. */
  protected refuse(problem: string): void {
    this.problem = problem;
    this.tellTrouble();
  }

  /** Tell the reader that nothing more will come. */
  protected lose(): void {
    this.isLost = true;
    this.tellTrouble();
  }

  /** Have the views say how the source itself is. */
  protected tellTrouble(): void {
    this.tell({ ...NOTHING, header: true });
  }

  private watch(): void {
    if (this.ended || this.isLost) clearInterval(this.timer);
    else if (this.isReachable && Date.now() - this.heardAt >= QUIET_MS) {
      this.hello(this.missed);
      if (this.silentSince !== null) this.tellTrouble();
    }
  }

  /** Whether all that there is came. */
  protected get ended(): boolean {
    const { header } = this.state;
    return header !== null && isTerminal(header.status) && !this.missed;
  }

  private tell(change: Change): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}
