import { describe, expect, test } from 'vitest';
import { lineText } from '../../src/data/line';
import { LOG_VIEW_BYTES, LogBuffer } from '../../src/data/log_buffer';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function append(
  buffer: LogBuffer,
  data: Uint8Array,
  start = buffer.end,
  size = start + data.length,
): boolean {
  return buffer.apply({ start, end: start + data.length, size, reset: false, buffer: 0 }, data);
}

function texts(buffer: LogBuffer): string[] {
  return Array.from({ length: buffer.last - buffer.first }, (_, i) =>
    lineText(buffer.line(buffer.first + i)),
  );
}

describe('what is appended', () => {
  test('characters may be cut anywhere', () => {
    const data = bytes('ä→🚀 und \r\n日本語\n');
    const buffer = new LogBuffer();
    for (let i = 0; i < data.length; i++) append(buffer, data.subarray(i, i + 1));
    expect(texts(buffer)).toEqual(['ä→🚀 und ', '日本語']);
    expect(buffer.end).toBe(data.length);
  });

  test('bytes that are no text cost themselves alone', () => {
    const buffer = new LogBuffer();
    append(buffer, Uint8Array.of(0x61, 0xff, 0x62, 0x0a, 0xc3, 0x0a, 0x63, 0x0a));
    expect(texts(buffer)).toEqual(['a\ufffdb', '\ufffd', 'c']);
    expect(buffer.end).toBe(8);
  });

  test('what is held already is not taken twice', () => {
    const buffer = new LogBuffer();
    append(buffer, bytes('one\ntwo\n'));
    expect(append(buffer, bytes('two\nthree\n'), 4)).toBe(true);
    expect(texts(buffer)).toEqual(['one', 'two', 'three']);
  });

  test('a whole frame that begins where we are changes nothing but what is new', () => {
    const buffer = new LogBuffer();
    append(buffer, bytes('one\ntwo\n'));
    const data = bytes('two\nthree\n');
    expect(buffer.apply({ start: 4, end: 14, size: 14, reset: true, buffer: 0 }, data)).toBe(true);
    expect(texts(buffer)).toEqual(['one', 'two', 'three']);
    expect(buffer.first).toBe(0);
  });
});

describe('what is missing', () => {
  test('after lost bytes the log goes on from what came, and says so', () => {
    const buffer = new LogBuffer();
    append(buffer, bytes('one\n'));
    expect(append(buffer, bytes('half a line\nfive\n'), 100)).toBe(false);
    expect(texts(buffer)).toEqual(['five']);
    expect(buffer.start).toBe(112);
    expect(buffer.first).toBe(1); // other lines: other numbers
  });

  test('a tail begins with a whole line', () => {
    const buffer = new LogBuffer();
    const data = bytes('of a line\nwhole\n');
    expect(buffer.apply({ start: 1000, end: 1016, size: 1016, reset: true, buffer: 0 }, data)).toBe(true);
    expect(texts(buffer)).toEqual(['whole']);
    expect(buffer.start).toBe(1010);
  });

  test('a tail that is one long line is shown', () => {
    const buffer = new LogBuffer();
    append(buffer, bytes('no line end'), 1000);
    expect(texts(buffer)).toEqual(['no line end']);
  });

  test('a log that became shorter is another log', () => {
    const buffer = new LogBuffer();
    append(buffer, bytes('one\ntwo\nthree\n'));
    expect(append(buffer, bytes('new\n'), 0, 4)).toBe(true);
    expect(texts(buffer)).toEqual(['new']);
  });
});

describe('older bytes', () => {
  test('go in front; lines keep their numbers', () => {
    const log = bytes('one\ntwo\nthree\nfour\nfive\n');
    const buffer = new LogBuffer();
    append(buffer, log.subarray(10), 10, log.length); // from within "three" on
    const number = buffer.first;
    expect([buffer.start, texts(buffer)]).toEqual([14, ['four', 'five']]);
    expect(buffer.prepend(5, log.subarray(5, 14))).toBe(true); // from within "two" on
    expect([buffer.start, texts(buffer)]).toEqual([8, ['three', 'four', 'five']]);
    expect(lineText(buffer.line(number))).toBe('four');
    append(buffer, bytes('six\n'));
    expect(texts(buffer).at(-1)).toBe('six');
  });

  test('reach the beginning', () => {
    const buffer = new LogBuffer();
    append(buffer, bytes('xx\ntwo\n'), 2);
    expect(buffer.start).toBe(5);
    expect(buffer.prepend(0, bytes('one\n\n'))).toBe(true);
    expect([buffer.start, texts(buffer)]).toEqual([0, ['one', '', 'two']]);
  });

  test('that fit nowhere are refused', () => {
    const buffer = new LogBuffer();
    append(buffer, bytes('xx\ntwo\n'), 100);
    expect(buffer.prepend(0, bytes('one\n'))).toBe(false);
    expect(buffer.prepend(103, new Uint8Array())).toBe(false);
    expect(texts(buffer)).toEqual(['two']);
  });

  test('one endless line makes progress', () => {
    const buffer = new LogBuffer();
    append(buffer, bytes('x'.repeat(100)), 1000);
    expect(buffer.prepend(900, bytes('y'.repeat(100)))).toBe(true);
    expect(buffer.start).toBe(900);
  });
});

describe('memory', () => {
  test('never more than the limit is held, and it is the end of the log', () => {
    const buffer = new LogBuffer();
    let written = 0;
    const block = bytes(`a line of about forty characters, or so\n`.repeat(1600));
    for (let i = 0; i < 60; i++) {
      append(buffer, block);
      written += block.length;
      expect(buffer.end - buffer.start).toBeLessThanOrEqual(LOG_VIEW_BYTES);
    }
    append(buffer, bytes('the end\n'));
    expect(written).toBeGreaterThan(LOG_VIEW_BYTES);
    expect(buffer.end).toBe(written + 8);
    expect(texts(buffer).at(-1)).toBe('the end');
    expect(buffer.last).toBe(60 * 1600 + 1); // numbers go on as if all were there
    expect(buffer.bytes.reduce((sum, piece) => sum + piece.length, 0)).toBe(buffer.end - buffer.start);
  });

  test('one line without an end is bounded too', () => {
    const buffer = new LogBuffer();
    for (let i = 0; i < 40; i++) append(buffer, new Uint8Array(65_536).fill(0x78));
    expect(buffer.end).toBe(40 * 65_536);
    expect(buffer.end - buffer.start).toBeLessThanOrEqual(LOG_VIEW_BYTES);
  });
});
