import type { Translate } from '../i18n/translate';
import type { Locale } from '../view/locale';
import { Format } from '../view/format';
import { languageOf, translateOfPage } from '../view/language';
import { wordsIn } from '../view/words';
import { pageWords, type PageWords } from './words';

/** What every part of a page needs to speak the reader's language. */
export interface PageLocale extends Locale {
  readonly page: PageWords;
  readonly language: string;
  readonly translate: Translate;
}

/** The texts and formats of the page's language; `fullFigure` as the place has it. */
export function pageLocale(fullFigure?: Locale['fullFigure']): PageLocale {
  const language = languageOf();
  const translate = translateOfPage();
  return {
    language,
    translate,
    words: wordsIn(language),
    page: pageWords(translate),
    format: new Format(language),
    fullFigure,
  };
}
