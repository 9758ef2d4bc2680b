/** Parts of a page of text: sections, facts, tables. */

import { h } from '../view/dom';

/** A part of a page with a heading. */
export function section(title: string, ...content: (Node | string)[]): HTMLElement {
  return h('section', { class: 'cellrun-section' }, h('h3', {}, title), ...content);
}

/** Names and what there is to say of each; those of which there is nothing are left out. */
export function facts(rows: readonly (readonly [string, string | Node | null | undefined])[]): HTMLElement {
  const list = h('dl', { class: 'cellrun-facts' });
  for (const [name, value] of rows) {
    if (value === null || value === undefined || value === '') continue;
    list.append(h('div', {}, h('dt', {}, name), h('dd', {}, value)));
  }
  return list;
}

/** A line that says that there is nothing, and how there would be something. */
export function nothing(text: string): HTMLElement {
  return h('p', { class: 'cellrun-muted cellrun-nothing' }, text);
}

/** A table with a row of headings. */
export function table(
  label: string,
  headings: readonly string[],
  rows: readonly (readonly (string | Node)[])[],
): HTMLElement {
  const head = h('tr', {}, ...headings.map(heading => h('th', { scope: 'col' }, heading)));
  const body = rows.map(cells => h('tr', {}, ...cells.map(cell => h('td', {}, cell))));
  const all = h('table', {}, h('thead', {}, head), h('tbody', {}, ...body));
  return h('div', { class: 'cellrun-table', role: 'region', tabindex: 0, 'aria-label': label }, all);
}
