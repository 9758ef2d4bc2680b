import type { Translate } from '../i18n/translate';
import type { Context } from '../view/context';
import { Format } from '../view/format';
import { languageOf, translateOfPage } from '../view/language';
import { wordsIn } from '../view/words';
import { pageWords, type PageWords } from './words';

/** What every part of a page needs to say something. */
export interface PageContext extends Context {
  readonly page: PageWords;
  readonly language: string;
  readonly translate: Translate;
}

/** The texts and formats of the page's language; `fullFigure` as the place has it. */
export function pageContext(fullFigure?: Context['fullFigure']): PageContext {
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
