import { said } from '../i18n/said';
import { translateOfPage } from './language';

/** A text of Python's in the page's language. */
export function saidHere(text: string): string {
  return said(text, translateOfPage());
}
