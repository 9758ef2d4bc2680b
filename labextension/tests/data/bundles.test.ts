import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { bundles } from '../../build.mjs';

/** The files that the build would write, by folder and name: `lib/index.js`. */
async function built(): Promise<Map<string, string>> {
  const results = await Promise.all(bundles().map(options => build({ ...options, write: false as const })));
  return new Map(
    results
      .flatMap(result => result.outputFiles)
      .map(file => [file.path.split('/').slice(-2).join('/'), file.text]),
  );
}

const files = await built();
const text = (name: RegExp): string => [...files].find(([file]) => name.test(file))?.[1] ?? '';

const named = (name: RegExp): string => [...files.keys()].find(file => name.test(file)) ?? '';

/** A file and all that its `import … from` bring with it. */
function loadedBy(name: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(name)) return loaded;
  loaded.add(name);
  const imports = files.get(name)!.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g);
  const [folder] = name.split('/');
  for (const [, imported] of imports) loadedBy(`${folder}/${imported}`, loaded);
  return loaded;
}

describe('what is built', () => {
  test("a widget's own code is a few kB, for it comes with every widget", () => {
    expect(text(/static\/loader\.js$/).length).toBeGreaterThan(500);
    expect(text(/static\/loader\.js$/).length).toBeLessThan(4_000);
  });

  test('the first view of a page is 450 kB at most, with 2,000 points and all', () => {
    expect(gzipSync(text(/static\/view\.js$/)).length).toBeLessThan(434_500);
    expect(text(/static\/view\.js$/)).toMatch(/export\s*\{\s*\w+ as follow\s*\}/);
  });

  test('it brings the texts of its own surface, and no style sheet of maps', async () => {
    const options = bundles().find(({ outdir, footer }) => footer && outdir?.endsWith('widgets/static'))!;
    const { metafile } = await build({ ...options, write: false, metafile: true });
    const [{ inputs } = { inputs: {} }] = Object.values(metafile.outputs);
    const said = Object.keys(inputs).filter(name => name.endsWith('/words.ts'));
    expect(said).toEqual(['src/view/words.ts']);
    expect(text(/static\/view\.js$/)).toContain('ログ');
    expect(text(/static\/view\.js$/)).not.toContain('maplibregl');
    expect(text(/static\/chunk-\w+\.js$/)).not.toContain('maplibregl');
  });

  test("JupyterLab's own start brings neither view nor chart library, and is small", () => {
    const start = loadedBy('lib/index.js');
    expect([...start].filter(name => files.get(name)!.includes('plotly.js-basic-dist-min'))).toEqual([]);
    expect(gzipSync([...start].map(name => files.get(name)).join('')).length).toBeLessThan(44_000);
    expect(text(/^lib\/index\.js$/)).toMatch(/import\("\.\/widget-\w+\.js"\)/);
    expect([...loadedBy(named(/^lib\/widget-\w+\.js$/))].map(name => files.get(name)).join('')).toContain(
      'plotly.js-basic-dist-min',
    );
  });

  test("the portal's list comes without the chart library", () => {
    for (const part of ['static/portal.js', named(/^static\/run_panel-\w+\.js$/)])
      expect([...loadedBy(part)].filter(name => files.get(name)!.length > 200_000)).toEqual([]);
  });

  test('licences come along', () => {
    expect(text(/static\/view\.js$/)).toContain('Permission is hereby granted');
  });

  test.each(['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'eval(', 'new Function', 'https://cdn'])(
    'our part has no %s',
    word => {
      expect(text(/^lib\/widget-\w+\.js$/)).not.toContain(word);
      expect(text(/static\/loader\.js$/)).not.toContain(word);
    },
  );
});
