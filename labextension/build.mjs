// Builds what runs in a browser:
//   ../widgets/cellrun/widgets/static/loader.js   a widget's _esm, a few kB
//   ../widgets/cellrun/widgets/static/view.js     the view with its chart library, one ES module
//   lib/                                          the JupyterLab extension, for jupyter-builder to pack
//   cellrun/server/static/                        the portal: portal.js with its parts, portal.css, icon.svg, figure.js
//   cellrun/server/locale/                        the Japanese texts for JupyterLab
// Options: --development (readable, with source maps for the extension), --watch (the same at each change, and packed).

import { spawn } from 'node:child_process';
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
    { ...common, entryPoints: { figure: 'src/figure.ts' }, outdir: portal, format: 'iife' }, // a frame without origin loads no modules
    {
      ...common,
      entryPoints: { portal: 'src/style/portal.css', icon: 'src/style/icon.svg' },
      outdir: portal,
      loader: { '.css': 'css', '.svg': 'copy' },
    },
  ];
}

/** Build once, then at each change; JupyterLab's packer builds on what the first build has made. */
async function watch(options) {
  const catalogue = { name: 'catalogue', setup: build => build.onEnd(() => writeCatalogue(version)) };
  const contexts = await Promise.all(options.map(one => esbuild.context({ ...one, plugins: [catalogue] })));
  await Promise.all(contexts.map(one => one.rebuild()));
  await Promise.all(contexts.map(one => one.watch()));
  // Not by `jupyter-builder watch`, which puts a link in the place of the extension that is installed.
  const packer = [
    'node_modules/@jupyter/builder/lib/build-labextension.js',
    '--core-package-file=node_modules/@jupyterlab/core-meta/core.package.json',
  ];
  spawn(process.execPath, [...packer, '--development', '--watch', '.'], {
    cwd: import.meta.dirname,
    stdio: 'inherit',
  }).on('exit', code => process.exit(code ?? 1));
}

async function main() {
  const isWatching = process.argv.includes('--watch');
  const options = bundles({ development: isWatching || process.argv.includes('--development') });
  // Chunks have a hash in their names.
  for (const made of ['lib', portal])
    rmSync(new URL(made, import.meta.url), { recursive: true, force: true });
  writeCatalogue(version);
  if (isWatching) await watch(options);
  else await Promise.all(options.map(one => esbuild.build(one)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
