import { expect, test } from 'vitest';
import fixture from '../../../tests/data/documents.json';
import { documentContent } from '../../src/data/document';

test.each(fixture.cases)('$title', ({ document, content }) => {
  expect(documentContent(document)).toEqual(content);
});

test('lists that would make a table beyond all measure are shown as JSON', () => {
  const short = Object.fromEntries(Array.from({ length: 150_000 }, (_, i) => [`c${String(i)}`, []]));
  const data = { a: Array.from({ length: 20_000 }, () => 1), ...short };
  expect(documentContent({ schema_type: 'residuals', data })).toBeNull();
});

test('a number beyond what a browser has is no count', () => {
  const document: unknown = JSON.parse(
    `{"schema_type": "confusion_matrix", "data": {"matrix": [[1${'0'.repeat(4000)}, 1], [1, 2]]}}`,
  );
  expect(documentContent(document)).toBeNull();
});
