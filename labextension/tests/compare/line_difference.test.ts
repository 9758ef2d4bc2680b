import { expect, test } from 'vitest';
import { linesThatDiffer } from '../../src/compare/line_difference';

test.each([
  ['a\nb\nc', 'a\nb\nc', 0, 'the same'],
  ['a\nb\n', 'a\nb', 0, 'a line end at the end is no line'],
  ['a\r\nb', 'a\nb', 0, 'nor is the kind of line end one'],
  ['a\nb\nc', 'a\nx\nc', 1, 'one was replaced'],
  ['a\nb\nc', 'a\nc', 1, 'one is gone'],
  ['a\nc', 'a\nb\nc', 1, 'one came'],
  ['a\nb\nc\nd', 'a\nx\ny\nz\nd', 3, 'two were replaced by three'],
  ['a\nb\nc\nd\ne', 'x\nb\nc\nd\ny', 2, 'the first and the last'],
  ['a\nb\nc', 'x\ny', 3, 'all'],
  ['', 'a', 1, 'the first line'],
  ['a\n  b', 'a\n    b', 1, 'blanks count: it is Python'],
])('%j and %j: %i', (one, other, count) => {
  expect(linesThatDiffer(one, other)).toBe(count);
  expect(linesThatDiffer(other, one)).toBe(count);
});

test('a very long text is counted in good time', () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
  const other = lines.map((line, i) => (i === 0 || i === 19_999 || i === 500 ? 'other' : line));
  expect(linesThatDiffer(lines.join('\n'), other.join('\n'))).toBe(3);
});
