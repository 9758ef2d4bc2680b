// Builds what runs in a browser:
//   ../widgets/cellrun/widgets/static/loader.js   a widget's _esm, a few kB
//   ../widgets/cellrun/widgets/static/view.js     the view with its chart library, one ES module
//   lib/                                          the JupyterLab extension, for jupyter-builder to pack
//   cellrun/server/static/                        the portal: portal.js with its parts, portal.css, icon.svg
// Options: --development (readable, with source maps for the extension), --watch.

import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import { writeCatalogue } from './catalogue.mjs';

const read = path => readFileSync(new URL(path, import.meta.url), 'utf8');
const { version } = JSON.parse(read('package.json'));
const widgets = '../widgets/cellrun/widgets/static';
const portal = 'cellrun/server/static';

/**
 * What is built, as options for esbuild.
 *
 * @returns {import('esbuild').BuildOptions[]}
 */
export function bundles({ development = false } = {}) {
  /** @type {import('esbuild').BuildOptions} */
  const common = {
    absWorkingDir: import.meta.dirname,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    define: { VERSION: JSON.stringify(version) },
    loader: { '.css': 'text' },
    minify: !development,
    logLevel: 'warning',
  };
  // Its licence asks to be kept with every copy; a minifier drops it.
  const footer = { js: `/*! plotly.js\n${read('node_modules/plotly.js-basic-dist-min/LICENSE')}*/` };
  return [
    { ...common, entryPoints: { loader: 'src/loader.ts' }, outdir: widgets },
    { ...common, footer, entryPoints: { view: 'src/widget.ts' }, outdir: widgets },
    {
      ...common,
      entryPoints: { index: 'src/index.ts' },
      outdir: 'lib',
      splitting: true, // the view is a chunk of its own, loaded with the first widget
      external: ['@jupyterlab/*', '@lumino/*', 'plotly.js-basic-dist-min'], // jupyter-builder lists their licences
      sourcemap: development,
    },
    {
      ...common,
      footer,
      entryPoints: { portal: 'src/portal.ts' },
      outdir: portal,
      splitting: true, // a page loads what it shows
      sourcemap: development,
    },
    {
      ...common,
      entryPoints: { portal: 'src/style/portal.css', icon: 'src/style/icon.svg' },
      outdir: portal,
      loader: { '.css': 'css', '.svg': 'copy' },
    },
  ];
}

async function main() {
  const watch = process.argv.includes('--watch');
  const options = bundles({ development: watch || process.argv.includes('--development') });
  // Chunks have a hash in their names.
  for (const made of ['lib', portal])
    rmSync(new URL(made, import.meta.url), { recursive: true, force: true });
  writeCatalogue(version);
  if (watch) await Promise.all(options.map(async one => (await esbuild.context(one)).watch()));
  else await Promise.all(options.map(one => esbuild.build(one)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
