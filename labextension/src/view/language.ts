import { translateInto, type Translate } from '../i18n/translate';

/** The page's translation: JupyterLab's own where it has ours, else the bundle's. */
export function translateOfPage(): Translate {
  return globalThis.cellrun?.translate ?? translateInto(languageOf());
}

/** The language of the page's user interface, BCP 47: JupyterLab's, else the page's own, else the browser's. */
export function languageOf(): string {
  const named = [globalThis.cellrun?.language, document.documentElement.lang, navigator.language];
  return named.find(language => language !== undefined && isLanguage(language)) ?? 'en';
}

function isLanguage(language: string): boolean {
  try {
    return Intl.getCanonicalLocales(language).length === 1;
  } catch {
    return false; // a RangeError: the text is no language tag
  }
}
