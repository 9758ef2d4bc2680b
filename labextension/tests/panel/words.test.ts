import { expect, test } from 'vitest';
import { actionWords } from '../../src/actions/words';
import japanese from '../../src/i18n/ja/panel.json';
import { panelWords } from '../../src/panel/words';

test('each text of the panel and of the actions has its Japanese, with the same gaps', () => {
  const english: string[] = [];
  const note = (text: string): string => {
    english.push(text);
    return text;
  };
  panelWords(note);
  actionWords(note);
  const known = new Map(Object.entries(japanese));
  const gaps = (text: string): string[] => [...text.matchAll(/\{\w+\}/gu)].map(([gap]) => gap).sort();
  for (const text of english) expect(gaps(known.get(text) ?? ''), text).toEqual(gaps(text));
  expect(english.filter(text => !known.has(text))).toEqual([]);
});
