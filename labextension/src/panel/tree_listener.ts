/** What the list of runs tells the panel around it. */

import type { MenuPlace } from '../actions/menu';
import type { Row } from '../server/openapi';
import type { Group } from './group';
import type { Line } from './run_rows';

/** What the reader wants of the lines. */
export interface TreeListener {
  open(row: Row): void;
  remove(): void;
  /** A menu of what can be done with the selected runs. */
  menu(at: MenuPlace): void;
  /** A menu of a group's metrics. */
  chooseMetric(group: Group, at: MenuPlace): void;
  /** Open a group, or a run that has others below it; or close it. */
  setOpen(line: Line, isOpen: boolean): void;
  toFilter(): void;
  selected(): void;
}
