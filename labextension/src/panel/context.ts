import type { Status } from '../data/protocol';
import type { Context } from '../view/context';
import type { PanelWords } from './words';

/** What every part of the panel needs to say something. */
export interface PanelContext extends Context<PanelWords> {
  readonly status: Readonly<Record<Status, string>>;
  /** A day and time. `at`: epoch seconds. */
  date(at: number): string;
  /** The address of a run's page, where it has one. */
  href(run: string): string | null;
}
