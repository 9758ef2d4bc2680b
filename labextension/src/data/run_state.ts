/** All that a view knows of a run, filled by frames. */

import { LogBuffer } from './log_buffer';
import { Metric } from './metric';
import { bytesOf, type Frame, type Header, type ImagePart, type WireBuffer } from './protocol';

/** What a frame changed. */
export interface Change {
  readonly header: boolean;
  readonly metrics: ReadonlySet<string>;
  readonly images: boolean;
  readonly log: boolean;
}

/** An image of the run, or a page that it displayed; its bytes if they are small enough to come by themselves. */
export interface RunImage {
  readonly name: string;
  readonly path: string;
  readonly mime: string;
  readonly sizeBytes: number;
  readonly data: Uint8Array | null;
}

/** Most bytes of images in a view; the oldest are let go first. */
export const IMAGE_VIEW_BYTES = 32 * 1024 * 1024;

/** All that a view knows of a run, apart from how it is drawn. Filled by frames, whatever brings them. */
export class RunState {
  header: Header | null = null;
  /** When the header came (epoch milliseconds): a run's time goes on from there. */
  headerAt = 0;
  /** By name: a Map, for names like `__proto__`. */
  readonly metrics = new Map<string, Metric>();
  /** By path, in the order they were logged. */
  readonly images = new Map<string, RunImage>();
  readonly log = new LogBuffer();

  /**
   * Take in a frame. `missed`: frames before it were lost.
   *
   * `complete` is false if a part of it couldn't be used, so that a whole frame is needed.
   */
  apply(
    frame: Frame,
    buffers: readonly WireBuffer[],
    missed: boolean,
  ): { change: Change; complete: boolean } {
    if (frame.header) {
      this.header = frame.header;
      this.headerAt = Date.now();
    }
    if (frame.reset) this.forgetAllBut(frame);
    let complete = true;
    const metrics = new Set<string>();
    for (const part of frame.metrics ?? []) {
      const metric = this.metrics.get(part.name) ?? new Metric(part.name);
      if (!metric.apply(part, buffers, missed)) complete = false;
      else this.metrics.set(part.name, metric);
      metrics.add(part.name);
    }
    const log = frame.log ? bufferBytes(buffers, frame.log.buffer) : null;
    if (frame.log && log && !this.log.apply(frame.log, log)) complete = false;
    const images = frame.reset || (frame.images ?? []).length > 0;
    for (const part of frame.images ?? []) this.addImage(part, buffers);
    if (images) this.boundImages();
    return { change: { header: Boolean(frame.header), metrics, images, log: log !== null }, complete };
  }

  /** A whole frame names all there is; what it doesn't name is gone. The rest stays, so that nothing flickers. */
  private forgetAllBut(frame: Frame): void {
    const metrics = new Set((frame.metrics ?? []).map(part => part.name));
    for (const name of this.metrics.keys()) if (!metrics.has(name)) this.metrics.delete(name);
    const images = new Set((frame.images ?? []).map(part => part.path));
    for (const path of this.images.keys()) if (!images.has(path)) this.images.delete(path);
  }

  private addImage(part: ImagePart, buffers: readonly WireBuffer[]): void {
    const data = bufferBytes(buffers, part.buffer) ?? this.images.get(part.path)?.data ?? null;
    const { name, path, mime, bytes: sizeBytes } = part;
    this.images.set(path, { name, path, mime, sizeBytes, data });
  }

  private boundImages(): void {
    let left = IMAGE_VIEW_BYTES;
    for (const image of [...this.images.values()].reverse()) {
      left -= image.data?.length ?? 0;
      if (left < 0) this.images.set(image.path, { ...image, data: null });
    }
  }
}

function bufferBytes(buffers: readonly WireBuffer[], index: number | null): Uint8Array | null {
  const buffer = index === null ? undefined : buffers[index];
  return buffer ? bytesOf(buffer).slice() : null;
}
