// The Japanese texts as JupyterLab's own translation takes them: jupyterlab_server finds
// <package>/locale/<locale>/LC_MESSAGES/<name>.json by the entry point `jupyterlab.locale` (pyproject.toml).

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';

const source = new URL('src/i18n/ja/', import.meta.url);
const target = new URL('cellrun/server/locale/ja_JP/LC_MESSAGES/', import.meta.url);

/**
 * The catalogue: each English text with its translation.
 *
 * A pair of % is written twice: gettext's formatting, which each text goes through, makes one pair of two.
 *
 * @param {string} version
 * @returns {Record<string, unknown>}
 */
export function catalogue(version) {
  const texts = readdirSync(source)
    .sort()
    .map(name => JSON.parse(readFileSync(new URL(name, source), 'utf8')));
  const entries = Object.entries(Object.assign({}, ...texts)).map(([english, japanese]) => [
    english,
    [String(japanese).replaceAll('%%', '%%%%')],
  ]);
  const header = { domain: 'cellrun', language: 'ja-JP', plural_forms: 'nplurals=1; plural=0;', version };
  return { '': header, ...Object.fromEntries(entries) };
}

/**
 * Write the catalogue to where JupyterLab's server looks for it.
 *
 * @param {string} version
 */
export function writeCatalogue(version) {
  mkdirSync(target, { recursive: true });
  writeFileSync(new URL('cellrun.json', target), `${JSON.stringify(catalogue(version), null, 1)}\n`);
}
