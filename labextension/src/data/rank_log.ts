import type { RankLogPart } from '../server/api';
import { LogBuffer } from './log_buffer';
import { isTerminal, type Header } from './protocol';
import type { LogSource, RunSource } from './source';

const LOOK_MS = 1_000;
/** After a question that wasn't answered. */
const PAUSE_MS = 5_000;
/** Of what came meanwhile, more than this is passed over: its end is what a reader of a running log looks at. */
const BEHIND_BYTES = 256 * 1024;

/** What one process of a distributed run prints, as long as somebody looks: it is asked for, no frame brings it. */
export class RankLog implements LogSource {
  readonly state: { readonly log: LogBuffer; readonly header: Header | null };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isOver = false;
  private isAskingOlder = false;

  constructor(
    private readonly run: RunSource,
    readonly rank: number,
    private readonly changed: () => void,
  ) {
    this.state = {
      log: new LogBuffer(),
      get header() {
        return run.state.header;
      },
    };
    void this.look(null);
  }

  get searchLog(): LogSource['searchLog'] {
    const search = this.run.searchLog?.bind(this.run);
    return search && ((text, end, over) => search(text, end, over, this.rank));
  }

  get readLog(): LogSource['readLog'] {
    const read = this.run.readLog?.bind(this.run);
    return read && ((start, end) => read(start, end, this.rank));
  }

  readOlderLog(): void {
    const { start, room } = this.state.log;
    const from = Math.max(0, start - Math.min(room, BEHIND_BYTES));
    if (from >= start || this.isAskingOlder) return;
    this.isAskingOlder = true;
    void this.read(from).then(part => {
      this.isAskingOlder = false;
      if (part && this.state.log.prepend(part.start, part.bytes.slice(0, start - part.start))) this.changed();
    });
  }

  dispose(): void {
    this.isOver = true;
    clearTimeout(this.timer);
  }

  /** Take in what comes from a byte on, or its end; and look again later, until the run has ended and all of it came. */
  private async look(start: number | null): Promise<void> {
    const { header, log } = this.state;
    const hadEnded = header !== null && isTerminal(header.status);
    const part = await this.read(start);
    if (this.isOver) return;
    const end = part ? part.start + part.bytes.length : 0;
    if (part && (part.size < log.end || part.size - end > BEHIND_BYTES) && start !== null) {
      void this.look(null); // another attempt has begun it anew, or this came too late for all of it
      return;
    }
    if (part && (start === null || part.bytes.length > 0)) {
      log.apply({ start: part.start, end, size: part.size, reset: start === null, buffer: 0 }, part.bytes);
      this.changed();
    }
    if (part && end < part.size) void this.look(end);
    else if (!part || !hadEnded || this.run.isLost)
      this.timer = setTimeout(() => void this.look(part ? end : start), part ? LOOK_MS : PAUSE_MS);
  }

  private async read(start: number | null): Promise<RankLogPart | null> {
    return (await this.run.readRankLog?.(this.rank, start).catch(() => null)) ?? null;
  }
}
