import type { ActionGroup } from '../actions/action';
import { fill } from '../i18n/fill';
import type { Group } from './group';
import { ORDERS, type Order } from './order';
import type { PanelWords } from './words';

/** The metrics of a group, to choose one. */
export function metricMenu(group: Group, choose: (metric: string) => void): readonly ActionGroup[] {
  const lines = group.metrics.map(metric => ({
    id: metric,
    label: metric,
    enabled: true,
    checked: metric === group.metric,
    run: () => choose(metric),
  }));
  return [lines];
}

/** How the list is arranged, and what else there is of its workspace. `targets`: where there is a place for them. */
export function moreMenu(
  words: PanelWords,
  order: Order,
  listener: { sort(order: Order): void; setAllOpen(isOpen: boolean): void; readonly targets?: () => void },
): readonly ActionGroup[] {
  const sort = ORDERS.map(one => ({
    id: `sort-${one}`,
    label: fill(words.sort, { order: words.sortBy[one] }),
    enabled: true,
    checked: one === order,
    run: () => listener.sort(one),
  }));
  const all = [
    { id: 'expand', label: words.expandAll, enabled: true, run: () => listener.setAllOpen(true) },
    { id: 'collapse', label: words.collapseAll, enabled: true, run: () => listener.setAllOpen(false) },
  ];
  const targets = listener.targets
    ? [{ id: 'targets', label: words.targets, enabled: true, run: listener.targets }]
    : [];
  return [targets, sort, all].filter(group => group.length > 0);
}
