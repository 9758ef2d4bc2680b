import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openapiTypes } from '../../openapi_types.mjs';

test('the types of answers are what openapi.yaml says: `jlpm types` makes them', async () => {
  const held = await readFile(new URL('../../src/server/openapi.ts', import.meta.url), 'utf8');
  expect(held).toBe(await openapiTypes());
});
