import { expect, test } from 'vitest';
import { indented } from '../../src/page/json_text';

test.each([
  ['{}', '{}'],
  ['[]', '[]'],
  ['[1, 2,3]', '[1, 2, 3]'],
  ['{"a":1.10,"b":[{"c":null}]}', '{\n  "a": 1.10,\n  "b": [\n    {\n      "c": null\n    }\n  ]\n}'],
  [String.raw`{"a":"x\"{,}:"}`, '{\n  "a": "x\\"{,}:"\n}'],
  ['"alone"', '"alone"'],
  ['{"cut": [1, "no e', '{\n  "cut": [\n    1,\n    "no e'],
])('%s', (json, text) => {
  expect(indented(json)).toBe(text);
});

test('brackets without end make no text without end', () => {
  expect(indented('['.repeat(100_000)).length).toBeLessThan(110_000);
});
