import type { Status } from '../data/protocol';
import type { Locale } from '../view/locale';
import type { PanelWords } from './words';

/** What every part of the panel needs to speak the reader's language. */
export interface PanelLocale extends Locale<PanelWords> {
  readonly status: Readonly<Record<Status, string>>;
  /** A day and time. `at`: epoch seconds. */
  date(at: number): string;
  /** The address of a run's page, where it has one. */
  href(run: string): string | null;
}
