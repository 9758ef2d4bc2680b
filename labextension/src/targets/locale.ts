import type { Dialogs } from '../actions/dialogs';
import { said } from '../i18n/said';
import type { Translate } from '../i18n/translate';
import type { Locale } from '../view/locale';
import { Format } from '../view/format';
import { targetWords, type TargetWords } from './words';

const SOON_S = 12;
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** What every part of the page of targets needs to speak the reader's language. */
export class TargetLocale implements Locale<TargetWords> {
  readonly words: TargetWords;
  readonly format: Format;
  private readonly relative: Intl.RelativeTimeFormat;

  /** `language`: BCP 47. */
  constructor(
    readonly translate: Translate,
    readonly language: string,
    readonly dialogs: Dialogs,
  ) {
    this.words = targetWords(translate);
    this.format = new Format(language);
    this.relative = new Intl.RelativeTimeFormat(language, { style: 'long' });
  }

  /** What Python says, in the reader's language. */
  said(text: string): string {
    return said(text, this.translate);
  }

  /** Whether a time has only just passed. `at`: epoch seconds. */
  isNow(at: number): boolean {
    const ago = Date.now() / 1000 - at;
    return ago >= 0 && ago < SOON_S;
  }

  /** A time as it is from now: `3 minutes ago`, `in 20 seconds`. `at`: epoch seconds. */
  when(at: number): string {
    const seconds = at - Date.now() / 1000;
    if (this.isNow(at)) return this.words.now;
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? (['second', 1] as const);
    return this.relative.format(Math.trunc(seconds / size), unit);
  }
}
