/** The keyboard in the list of runs. */

import type { MenuPlace } from '../actions/menu';
import type { Line, RunRows } from './run_rows';
import type { Selection } from './selection';
import type { TreeListener } from './tree_listener';

/** What keys act upon. */
export interface KeyTarget {
  readonly rows: Pick<RunRows, 'lines'>;
  readonly selection: Selection;
  readonly list: { readonly pageLength: number };
  readonly listener: TreeListener;
  readonly activePlace: DOMRect;
  openMenu(at: MenuPlace): void;
  redraw(): void;
  moved(): void;
}

type Key = (tree: KeyTarget, event: KeyboardEvent) => void;

/** What a key does where a list of runs has the focus. */
const KEYS: Readonly<Record<string, Key>> = {
  ArrowDown: (tree, event) => go(tree, event, tree.selection.activeIndex + 1),
  ArrowUp: (tree, event) => go(tree, event, tree.selection.activeIndex - 1),
  PageDown: (tree, event) => go(tree, event, tree.selection.activeIndex + tree.list.pageLength),
  PageUp: (tree, event) => go(tree, event, tree.selection.activeIndex - tree.list.pageLength),
  Home: (tree, event) => go(tree, event, 0),
  End: (tree, event) => go(tree, event, Infinity),
  ArrowRight: tree => setOpen(tree, true),
  ArrowLeft: tree => setOpen(tree, false),
  ' ': tree => {
    tree.selection.toggle(tree.selection.activeIndex);
    tree.moved();
  },
  Enter: tree => {
    const line = tree.selection.activeLine;
    if (line?.kind === 'run') tree.listener.open(line.row);
    else if (line) tree.listener.setOpen(line, !line.isOpen);
  },
  Delete: tree => {
    if (tree.selection.runs.size === 0) tree.selection.toggle(tree.selection.activeIndex);
    tree.moved();
    tree.listener.remove();
  },
  Escape: tree => {
    tree.selection.clear();
    tree.redraw();
    tree.listener.selected();
  },
  a: (tree, event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    tree.selection.all();
    tree.redraw();
    tree.listener.selected();
  },
  '/': tree => tree.listener.toFilter(),
  ContextMenu: tree => tree.openMenu(tree.activePlace),
  F10: (tree, event) => {
    if (event.shiftKey) tree.openMenu(tree.activePlace);
  },
};

/** Keys that do nothing of ours together with Ctrl. */
const WITH_CTRL = new Set(['a', 'ArrowDown', 'ArrowUp', 'Home', 'End', ' ']);

/** Take a key that was pressed in the list; others are left to the page. */
export function pressed(event: KeyboardEvent, tree: KeyTarget): void {
  const act = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : undefined;
  const isOurs = !event.altKey && (!(event.ctrlKey || event.metaKey) || WITH_CTRL.has(event.key));
  if (!act || !isOurs || (event.key === 'a' && !event.ctrlKey && !event.metaKey)) return;
  event.preventDefault();
  event.stopPropagation(); // JupyterLab has its own use for some
  act(tree, event);
}

/** Go to a line: alone it is selected, with Shift all up to it, with Ctrl only the focus moves. */
function go(tree: KeyTarget, event: KeyboardEvent, to: number): void {
  const index = Math.max(0, Math.min(to, tree.rows.lines.length - 1));
  if (event.shiftKey) tree.selection.extend(index);
  else if (event.ctrlKey || event.metaKey) tree.selection.move(index);
  else tree.selection.choose(index);
  tree.moved();
}

/** Open a line or step into it; close it, or step to the one that it stands below. */
function setOpen(tree: KeyTarget, isOpen: boolean): void {
  const line = tree.selection.activeLine;
  if (!line) return;
  const hasChildren = line.kind === 'group' || line.children > 0;
  if (hasChildren && line.isOpen !== isOpen) tree.listener.setOpen(line, isOpen);
  else if (hasChildren && isOpen) tree.selection.choose(tree.selection.activeIndex + 1);
  else if (line.kind === 'run' && !isOpen) {
    const above = tree.rows.lines.slice(0, tree.selection.activeIndex);
    const isAbove = (one: Line): boolean => one.kind === 'group' || one.depth < line.depth;
    tree.selection.move(above.length - 1 - above.reverse().findIndex(isAbove));
  }
  tree.moved();
}
