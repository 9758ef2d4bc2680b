import { expect, test } from 'vitest';
import recording from '../../../tests/data/frames.json';
import { CommSource, type Model } from '../../src/data/comm_source';
import { lineText } from '../../src/data/line';
import type { Column } from '../../src/data/metric';
import type { Frame } from '../../src/data/protocol';
import type { RunState } from '../../src/data/run_state';

/** A page without a kernel: what is asked for was recorded, too. */
const MODEL: Model = { get: () => '', send: () => undefined, on: () => undefined, off: () => undefined };

function bytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

function base64(values: Float64Array | Uint8Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

function columnOf({ name, type, ordered, numbers, text, last }: Column): object {
  return {
    ...{ name, type, last, text: text.length > 0 ? text : null },
    ...{ buffer: numbers.length > 0 ? base64(numbers.values) : null, ...(ordered ? {} : { ordered }) },
  };
}

/** All metrics, as the recording has them. */
function metricsOf({ metrics }: RunState): object[] {
  return [...metrics.values()].map(({ name, kind, rows, length, columns, attempts }) => ({
    ...{ name, kind, rows, at: 0, length, columns: columns.map(columnOf) },
    ...(attempts.length > 0 ? { attempts } : {}),
  }));
}

function imagesOf({ images }: RunState): object[] {
  return [...images.values()].map(({ name, path, mime, sizeBytes, data }) => ({
    ...{ name, path, mime, bytes: sizeBytes, buffer: data && base64(data) },
  }));
}

test.each(recording.lives)('$title', ({ frames, state }) => {
  const source = new CommSource(MODEL);
  for (const frame of frames)
    if (!('lost' in frame)) source.receive(frame.content as unknown as Frame, frame.buffers.map(bytes));
  source.dispose();
  const held = source.state;
  expect(held.header).toMatchObject(state.header);
  expect(metricsOf(held)).toEqual(state.metrics);
  expect(imagesOf(held)).toEqual(state.images);

  const { log } = held;
  const { start, end, size, buffer, last_lines: lines } = state.log;
  expect([log.end, log.size]).toEqual([end, size]);
  expect(
    base64(
      bytes(
        Buffer.concat(log.bytes)
          .subarray(start - log.start)
          .toString('base64'),
      ),
    ),
  ).toBe(buffer);
  expect(lines.map((_, i) => lineText(log.line(log.last - lines.length + i)))).toEqual(lines);
});
