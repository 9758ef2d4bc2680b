import type { Status } from '../data/protocol';
import type { Format } from '../view/format';
import type { PanelWords } from './words';

/** What every part of the panel needs to say something. */
export interface PanelContext {
  readonly words: PanelWords;
  readonly status: Readonly<Record<Status, string>>;
  readonly format: Format;
  /** A day and time. `at`: epoch seconds. */
  date(at: number): string;
  /** The address of a run's page, where it has one. */
  href(run: string): string | null;
}
