import { expect, test } from 'vitest';
import page from '../../src/i18n/ja/page.json';
import view from '../../src/i18n/ja/view.json';
import { pageWords } from '../../src/page/words';
import { wordsIn } from '../../src/view/words';

/** All texts of a surface. */
function texts(words: object): string[] {
  return Object.values(words).flatMap((value: string | object) =>
    typeof value === 'string' ? [value] : texts(value),
  );
}

test.each([
  ['page', pageWords(text => text), page],
  ['view', wordsIn('en'), view],
])('each text of the %s has its Japanese, with the same names to fill in', (_surface, words, japanese) => {
  const catalogue = new Map(Object.entries<string>(japanese));
  const names = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const text of texts(words)) {
    expect(catalogue.has(text), text).toBe(true);
    expect(names(catalogue.get(text)!), text).toEqual(names(text));
  }
  expect([...catalogue.keys()].filter(text => !texts(words).includes(text))).toEqual([]);
});
