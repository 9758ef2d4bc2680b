import { readdirSync, readFileSync } from 'node:fs';
import { Gettext } from '@jupyterlab/translation';
import type { ITranslator } from '@jupyterlab/translation';
import { afterAll, expect, test, vi } from 'vitest';
import { catalogue } from '../../catalogue.mjs';
import { translateOf } from '../../src/lab/translation';

const folder = new URL('../../src/i18n/ja/', import.meta.url);
const TEXTS = Object.assign(
  {},
  ...readdirSync(folder).map(name => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as object),
) as Record<string, string>;

// It looks at the page's language, which isn't there in Node.
vi.stubGlobal('document', { documentElement: { getAttribute: () => 'en' } });
afterAll(() => vi.unstubAllGlobals());

/** JupyterLab's translator, as it is once it has loaded a catalogue. */
function labIn(language: string, data: Record<string, unknown> | null): ITranslator {
  const texts = new Gettext({ domain: 'cellrun', locale: language });
  if (data) {
    const header = data[''] as { plural_forms: string };
    texts.loadJSON({ ...data, '': { ...header, pluralForms: header.plural_forms } } as never, 'cellrun');
  }
  return { languageCode: language, load: () => texts };
}

test('JupyterLab reads each text from the catalogue as it was written', () => {
  const translate = translateOf(labIn('ja-JP', catalogue('1.0')));
  const wrong = Object.entries(TEXTS).filter(([english, japanese]) => translate(english) !== japanese);
  expect(wrong).toEqual([]);
  expect(Object.keys(TEXTS).length).toBeGreaterThan(100);
});

test("a language pack's own words win; what it doesn't know comes from the bundle", () => {
  const pack = { ...catalogue('1.0'), Runs: ['ラン'] };
  expect(translateOf(labIn('ja-JP', pack))('Runs')).toBe('ラン');
  expect(translateOf(labIn('ja-JP', null))('No runs yet. Put %%submit above a cell.')).toContain('%%submit');
  expect(translateOf(labIn('ja-JP', null))('Runs')).toBe('実行');
});

test('in English, and without a translator, texts stay as they are', () => {
  const text = 'No runs yet. Put %%submit above a cell.';
  expect(translateOf(labIn('en', null))(text)).toBe(text);
  expect(translateOf(null)(text)).toBe(text);
});
