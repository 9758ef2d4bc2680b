import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { bundles } from '../../build.mjs';

/** The files that the build would write, by name. */
async function built(): Promise<Map<string, string>> {
  const results = await Promise.all(bundles().map(options => build({ ...options, write: false as const })));
  return new Map(
    results.flatMap(result => result.outputFiles).map(file => [file.path.split('/').at(-1) ?? '', file.text]),
  );
}

const files = await built();
const text = (name: RegExp): string => [...files].find(([file]) => name.test(file))?.[1] ?? '';

describe('what is built', () => {
  test("a widget's own code is a few kB, for it comes with every widget", () => {
    expect(text(/^loader\.js$/).length).toBeGreaterThan(500);
    expect(text(/^loader\.js$/).length).toBeLessThan(4_000);
  });

  test('the first view of a page is 450 kB at most', () => {
    expect(gzipSync(text(/^view\.js$/)).length).toBeLessThan(450_000);
    expect(text(/^view\.js$/)).toMatch(/export\s*\{\s*\w+ as follow\s*\}/);
  });

  test("JupyterLab's own start brings neither view nor chart library", () => {
    expect(text(/^index\.js$/).length).toBeLessThan(2_000);
    expect(text(/^index\.js$/)).toMatch(/import\("\.\/widget-\w+\.js"\)/);
    expect(text(/^widget-\w+\.js$/)).toContain('plotly.js-basic-dist-min');
  });

  test('licences come along', () => {
    expect(text(/^view\.js$/)).toContain('Permission is hereby granted');
  });

  test.each(['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'eval(', 'new Function', 'https://cdn'])(
    'our part has no %s',
    word => {
      expect(text(/^widget-\w+\.js$/)).not.toContain(word);
      expect(text(/^loader\.js$/)).not.toContain(word);
    },
  );
});
