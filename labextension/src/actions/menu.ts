/** A menu of actions, opened at a point or beside a button. */

import { h } from '../view/dom';
import css from './actions.css?inline';
import type { Action, ActionGroup } from './action';

/** Where a menu opens: at a point, or below (else above) what it belongs to. */
export type MenuPlace = DOMRect | { readonly x: number; readonly y: number };

/** So far from the window's edge at least. */
const MARGIN_PX = 4;

let close: (() => void) | null = null;

/**
 * Open a menu. It closes with a choice, Escape, Tab, a click elsewhere, or the next menu, and gives the focus back.
 *
 * `within`: the surface it belongs to, whose colours it takes.
 */
export function openMenu(groups: readonly ActionGroup[], at: MenuPlace, within: HTMLElement): void {
  close?.();
  const before = document.activeElement;
  const list = h('ul', { role: 'menu', class: 'cellrun-menu', tabindex: -1 });
  groups.forEach((group, i) => {
    if (i > 0) list.append(h('li', { role: 'separator', class: 'cellrun-menu-line' }));
    list.append(...group.map(action => lineOf(action)));
  });
  const layer = h('div', { class: 'cellrun-menu-layer', popover: 'manual' }, h('style', {}, css), list);
  within.append(layer);
  layer.showPopover(); // above all else, whatever it stands in
  place(layer, at);
  const end = (): void => {
    if (close === end) close = null;
    document.removeEventListener('pointerdown', elsewhere, true);
    layer.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
  };
  const elsewhere = (event: Event): void => {
    if (!event.composedPath().includes(layer)) end();
  };
  close = end;
  document.addEventListener('pointerdown', elsewhere, true);
  list.addEventListener('focusout', event => {
    if (event.relatedTarget !== null && !list.contains(event.relatedTarget as Node)) end();
  });
  list.addEventListener('keydown', event => pressed(event, list, end));
  list.addEventListener('contextmenu', event => {
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would open its own
  });
  list.addEventListener('click', event => chosen(event, groups.flat(), end));
  focusOn(list, 0);
}

function lineOf(action: Action): HTMLElement {
  const line = h(
    'li',
    {
      role: action.checked === undefined ? 'menuitem' : 'menuitemradio',
      class: 'cellrun-menu-item',
      tabindex: -1,
      data: { action: action.id },
    },
    h('span', { class: 'cellrun-menu-check', 'aria-hidden': 'true' }, action.checked ? '✓' : ''),
    h('span', { class: 'cellrun-menu-label' }, action.label),
    h('kbd', { 'aria-hidden': 'true' }, action.key ?? ''),
  );
  if (!action.enabled) line.setAttribute('aria-disabled', 'true');
  if (action.checked !== undefined) line.setAttribute('aria-checked', String(action.checked));
  if (action.why !== undefined) line.title = action.why;
  return line;
}

/** Keep the whole menu in the window. */
function place(layer: HTMLElement, at: MenuPlace): void {
  const { width, height } = layer.getBoundingClientRect();
  const isBox = at instanceof DOMRect;
  const rightmost = innerWidth - width - MARGIN_PX;
  const left = Math.max(MARGIN_PX, Math.min(isBox ? at.right - width : at.x, rightmost));
  const below = isBox ? at.bottom : at.y;
  const above = (isBox ? at.top : at.y) - height;
  const top = below + height + MARGIN_PX <= innerHeight ? below : Math.max(MARGIN_PX, above);
  Object.assign(layer.style, { left: `${left}px`, top: `${top}px` });
}

function pressed(event: KeyboardEvent, list: HTMLElement, end: () => void): void {
  const items = itemsOf(list);
  const at = items.findIndex(item => item === document.activeElement);
  event.stopPropagation();
  if (event.key === 'Tab' || event.key === 'Escape') end();
  else if (event.key === 'ArrowDown') focusOn(list, (at + 1) % items.length);
  else if (event.key === 'ArrowUp') focusOn(list, (at - 1 + items.length) % items.length);
  else if (event.key === 'Home') focusOn(list, 0);
  else if (event.key === 'End') focusOn(list, items.length - 1);
  else if (event.key === 'Enter' || event.key === ' ') items[at]?.click();
  else {
    const letter = event.key.toLowerCase();
    const begins = (item: HTMLElement): boolean =>
      letter.length === 1 && item.innerText.trim().toLowerCase().startsWith(letter);
    const found = [...items.slice(at + 1), ...items.slice(0, at + 1)].find(begins);
    if (!found) return;
    found.focus();
  }
  event.preventDefault();
}

function chosen(event: Event, actions: readonly Action[], end: () => void): void {
  const item = (event.target as Element).closest<HTMLElement>('[data-action]');
  const action = actions.find(({ id }) => id === item?.dataset.action);
  if (!action?.enabled) return;
  end();
  void action.run();
}

function focusOn(list: HTMLElement, index: number): void {
  (itemsOf(list)[index] ?? list).focus({ preventScroll: true });
}

function itemsOf(list: HTMLElement): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>('[data-action]')];
}
