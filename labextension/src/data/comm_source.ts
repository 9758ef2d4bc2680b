/** A run as its kernel tells of it, over a widget's comm. */

import type { RankLogPart } from '../server/api';
import { FramedSource } from './framed_source';
import { bytesOf, PROTOCOL, type FromKernel, type ToKernel, type WireBuffer } from './protocol';

/** A kernel that computes without a break answers nothing meanwhile. */
const ANSWER_MS = 10_000;

/** The part of a widget's model that is used here; anywidget hands it over. */
export interface Model {
  get(name: 'workspace_id' | 'run_id'): string;
  send(content: ToKernel): void;
  on(event: 'msg:custom', callback: (content: FromKernel, buffers: WireBuffer[]) => void): void;
  off(event: 'msg:custom', callback: (content: FromKernel, buffers: WireBuffer[]) => void): void;
}

/**
 * A run as a kernel tells of it, over a widget's comm. The Jupyter server drops messages of a kernel that floods, so
 * there are gaps.
 */
export class CommSource extends FramedSource {
  override readonly fedBy = 'kernel';
  override readonly disconnected = null;

  /** Who waits for a part of a rank's log. */
  private readonly waiting = new Map<number, (part: RankLogPart) => void>();

  constructor(private readonly model: Model) {
    super();
    model.on('msg:custom', this.receive);
  }

  override cancel(): void {
    this.send({ type: 'cancel' });
  }

  readRankLog(rank: number, start: number | null): Promise<RankLogPart> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer')), ANSWER_MS);
      this.waiting.set(rank, part => {
        clearTimeout(timer);
        resolve(part);
      });
      this.send({ type: 'rank_log', rank, start });
    });
  }

  override dispose(): void {
    super.dispose();
    this.model.off('msg:custom', this.receive);
  }

  /** Take in a message of the kernel. */
  readonly receive = (content: FromKernel, buffers: WireBuffer[]): void => {
    this.heard();
    if (content.type === 'frame') this.frame(content, buffers);
    else if (content.type === 'log') this.older(content.start, buffers[0]);
    else if (content.type === 'rank_log') this.answered(content, buffers[0]);
    else if (content.type === 'error') this.refuse(content.message);
  };

  protected override get isReachable(): boolean {
    return true;
  }

  protected override ask(lastFrame: number): void {
    this.send({ type: 'hello', protocol: PROTOCOL, frame: lastFrame });
  }

  protected override askLog(start: number, end: number): void {
    this.send({ type: 'log', start, end });
  }

  protected override otherProtocol(protocol: number): string {
    return `The kernel's cellrun speaks protocol ${protocol}, this page's ${PROTOCOL}: install one version in both.`;
  }

  private answered(
    { rank, start, size }: Omit<RankLogPart, 'bytes'> & { rank: number },
    buffer?: WireBuffer,
  ): void {
    this.waiting.get(rank)?.({ start, size, bytes: buffer ? bytesOf(buffer).slice() : new Uint8Array() });
    this.waiting.delete(rank);
  }

  private send(content: ToKernel): void {
    try {
      this.model.send(content);
    } catch {
      // A comm throws ("Cannot send") once its kernel was restarted or shut down; it never comes back.
      this.lose();
    }
  }
}
