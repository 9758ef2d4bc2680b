/**
 * Texts in the reader's language.
 *
 * Each surface has its texts in one object of English texts, by name; the English text is also what a translation is
 * found by, as gettext does it. JupyterLab's own translation is used where there is one; elsewhere the catalogues that
 * are part of the bundle.
 */

import badge from './ja/badge.json';
import compare from './ja/compare.json';
import page from './ja/page.json';
import panel from './ja/panel.json';
import server from './ja/server.json';
import view from './ja/view.json';

export { fill } from './fill';

/** Return an English text in another language, or as it is. */
export type Translate = (english: string) => string;

const JAPANESE = new Map(
  Object.entries<string>({
    ...view,
    ...page,
    ...panel,
    ...compare,
    ...badge,
    ...server,
  }),
);

/** Take further texts in, with their Japanese: those of a part that is loaded when it is used. */
export function addJapanese(texts: Readonly<Record<string, string>>): void {
  for (const [english, japanese] of Object.entries(texts)) JAPANESE.set(english, japanese);
}

/** The bundle's own translation into a language (BCP 47). */
export function translateInto(language: string): Translate {
  if (!language.toLowerCase().startsWith('ja')) return english => english;
  return english => JAPANESE.get(english) ?? english;
}

/** A surface's texts, translated. */
export function translated<T extends object>(english: T, translate: Translate): T {
  return Object.fromEntries(
    Object.entries(english).map(([name, text]: [string, string | object]) => [
      name,
      typeof text === 'string' ? translate(text) : translated(text, translate),
    ]),
  ) as T;
}
