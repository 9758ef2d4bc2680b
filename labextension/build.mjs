// Builds what runs in a browser:
//   ../widgets/cellrun/widgets/static/loader.js   a widget's _esm, a few kB
//   ../widgets/cellrun/widgets/static/view.js     the view with its chart library, one ES module
//   lib/                                          the JupyterLab extension, for jupyter-builder to pack
//   cellrun/server/static/                        the portal: portal.js with its parts, portal.css, icon.svg, figure.js,
//                                                 frame.html, licences.txt of what is bundled
//   cellrun/server/locale/                        the Japanese texts for JupyterLab
// Options: --development (readable, with source maps for the extension), --watch (the same at each change, and packed).

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import { writeCatalogue } from './catalogue.mjs';

const read = path => readFileSync(new URL(path, import.meta.url), 'utf8');
const { version } = JSON.parse(read('package.json'));
const widgets = '../widgets/cellrun/widgets/static';
const portal = 'cellrun/server/static';
const PLOTLY = 'plotly.js-basic-dist-min';
const LEZER = ['common', 'highlight', 'json', 'lr', 'python'].map(name => `@lezer/${name}`);
const SHOWING = ['marked', 'katex', ...LEZER];
const licence = name => `${name}\n\n${read(`node_modules/${name}/LICENSE${name === 'marked' ? '.md' : ''}`)}`;

/** The chart library brings the style sheet of the map library that its larger bundles have: 83 kB that style nothing. */
const withoutMaps = {
  name: 'without-maps',
  setup: build =>
    build.onLoad({ filter: /plotly-basic\.min\.js$/ }, ({ path }) => {
      const [before, after, ...more] = readFileSync(path, 'utf8').split(/'\.maplibregl-map\{[^']*'/);
      if (after === undefined || more.length > 0)
        throw new Error(`${path}: no style sheet of maps, or several`);
      return { contents: `${before}''${after}`, loader: 'js' };
    }),
};

/** What goes over a kernel's socket says what the view says, and Python in it: the texts of other surfaces aren't in it. */
const viewTexts = {
  name: 'view-texts',
  setup: build =>
    build.onLoad({ filter: /i18n\/ja\/\w+\.json$/ }, ({ path }) =>
      /(?:view|said)\.json$/.test(path) ? null : { contents: '{}', loader: 'json' },
    ),
};

/** Style sheets that the code brings along are texts to esbuild, which minifies none. */
const inlineStyles = {
  name: 'inline-styles',
  setup: build =>
    build.onLoad({ filter: /\.css$/ }, async ({ path, suffix }) => {
      if (suffix !== '?inline') return null;
      const css = readFileSync(path, 'utf8');
      const { code } = await esbuild.transform(css, { loader: 'css', minify: build.initialOptions.minify });
      return { contents: code, loader: 'text' };
    }),
};

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
    loader: { '.css': 'text', '.html': 'text' },
    minify: !development,
    plugins: [withoutMaps, inlineStyles],
    logLevel: 'warning',
  };
  // Their licences ask to be kept with every copy; a minifier drops them.
  const licence = name =>
    `/*! ${name}\n${read(`node_modules/${name}/LICENSE${name === 'marked' ? '.md' : ''}`)}*/`;
  const footer = { js: licence(PLOTLY) };
  const shown = [
    'marked',
    'katex',
    '@lezer/common',
    '@lezer/highlight',
    '@lezer/json',
    '@lezer/lr',
    '@lezer/python',
  ];
  return [
    { ...common, entryPoints: { loader: 'src/loader.ts' }, outdir: widgets },
    {
      ...common,
      footer,
      entryPoints: { view: 'src/widget.ts' },
      outdir: widgets,
      plugins: [...common.plugins, viewTexts],
    },
    {
      ...common,
      entryPoints: { index: 'src/index.ts' },
      outdir: 'lib',
      splitting: true, // the view is a chunk of its own, loaded with the first widget
      external: ['@jupyterlab/*', '@lumino/*', PLOTLY, ...SHOWING], // jupyter-builder lists their licences
      sourcemap: development,
    },
    {
      ...common,
      entryPoints: { portal: 'src/portal.ts' },
      outdir: portal,
      splitting: true, // a page loads what it shows
      sourcemap: development,
    },
    { ...common, entryPoints: { figure: 'src/figure.ts' }, outdir: portal, format: 'iife' }, // a frame without origin loads no modules
    {
      ...common,
      entryPoints: {
        portal: 'src/style/portal.css',
        icon: 'src/style/icon.svg',
        frame: 'src/view/frame.html',
      },
      outdir: portal,
      loader: { '.css': 'css', '.svg': 'copy', '.html': 'copy' },
    },
  ];
}

/** Build once, then at each change; JupyterLab's packer builds on what the first build has made. */
async function watch(options) {
  const catalogue = { name: 'catalogue', setup: build => build.onEnd(() => writeCatalogue(version)) };
  const contexts = await Promise.all(
    options.map(one => esbuild.context({ ...one, plugins: [...one.plugins, catalogue] })),
  );
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
  mkdirSync(new URL(portal, import.meta.url), { recursive: true });
  writeFileSync(
    new URL(`${portal}/licences.txt`, import.meta.url),
    [PLOTLY, ...SHOWING].map(licence).join('\n\n'),
  );
  writeCatalogue(version);
  if (isWatching) await watch(options);
  else await Promise.all(options.map(one => esbuild.build(one)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
