import type { ITranslator } from '@jupyterlab/translation';
import { translateInto, type Translate } from '../i18n/translate';

/** Our texts' domain: the name of the entry point `jupyterlab.locale`, which the server finds the catalogue by. */
const DOMAIN = 'cellrun';

/**
 * Our texts in the language of JupyterLab's setting, by its own translation, so that a language pack can have them.
 *
 * What that doesn't know comes from the bundle: a server gives catalogues only of languages that a pack is installed for.
 */
export function translateOf(translator: ITranslator | null): Translate {
  const bundled = translateInto(languageOf(translator));
  const texts = translator?.load(DOMAIN);
  if (!texts) return bundled;
  return english => {
    const found = texts.__(english);
    // A text that isn't known comes back as gettext's formatting makes it: with one % for two.
    return found === english.replaceAll('%%', '%') ? bundled(english) : found;
  };
}

/** The language of JupyterLab's setting, BCP 47. */
export function languageOf(translator: ITranslator | null): string {
  return (translator?.languageCode ?? 'en').replace('_', '-');
}
