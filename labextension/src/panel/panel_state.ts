/** What the list of runs remembers from one time to the next. */

import { ORDERS, type Order } from './order';

/** What a panel remembers from one time to the next. */
export interface PanelState {
  readonly workspace?: string;
  readonly order?: Order;
  /** Experiments that are closed. */
  readonly collapsed?: readonly string[];
  /** Runs that were opened, by their ids. */
  readonly turned?: readonly string[];
  /** The chosen metric, by experiment. */
  readonly metrics?: Readonly<Record<string, string>>;
  readonly filter?: string;
}

/** Read what was kept; whatever isn't as it should be is left out. */
export function readPanelState(kept: unknown): PanelState {
  if (typeof kept !== 'object' || kept === null) return {};
  const { workspace, order, collapsed, turned, metrics, filter } = kept as Record<string, unknown>;
  const known = ORDERS.find(one => one === order);
  return {
    ...(isText(workspace) ? { workspace } : {}),
    ...(known ? { order: known } : {}),
    ...(Array.isArray(collapsed) ? { collapsed: collapsed.filter(isText) } : {}),
    ...(Array.isArray(turned) ? { turned: turned.filter(isText) } : {}),
    ...(typeof metrics === 'object' && metrics !== null ? { metrics: texts(metrics) } : {}),
    ...(isText(filter) ? { filter } : {}),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function texts(record: object): Readonly<Record<string, string>> {
  const entries = Object.entries(record).filter((entry): entry is [string, string] => isText(entry[1]));
  return Object.fromEntries(entries);
}
