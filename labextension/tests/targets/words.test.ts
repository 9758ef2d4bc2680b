import { expect, test } from 'vitest';
import japanese from '../../src/i18n/ja/targets.json';
import { targetWords } from '../../src/targets/words';

test('each text of the page of targets has its Japanese, with the same gaps, and no other is kept', () => {
  const english: string[] = [];
  targetWords(text => {
    english.push(text);
    return text;
  });
  const known = new Map(Object.entries(japanese));
  const gaps = (text: string): string[] => [...text.matchAll(/\{\w+\}/gu)].map(([gap]) => gap).sort();
  for (const text of english) expect(gaps(known.get(text) ?? ''), text).toEqual(gaps(text));
  expect(english.filter(text => !known.has(text))).toEqual([]);
  expect([...known.keys()].filter(text => !english.includes(text))).toEqual([]);
});
