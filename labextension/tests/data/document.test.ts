import { expect, test } from 'vitest';
import fixture from '../../../tests/data/documents.json';
import { documentContent } from '../../src/data/document';

test.each(fixture.cases)('$title', ({ document, content }) => {
  expect(documentContent(document)).toEqual(content);
});
