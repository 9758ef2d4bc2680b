/** The table that compares runs: compare_lines.ts drawn. */

import type { Comparison, Row } from '../server/openapi';
import type { Locale } from '../view/locale';
import { fill } from '../i18n/fill';
import { h, setAttribute, setText } from '../view/dom';
import { fit, fitWithin } from '../view/fit';
import { codeDifference, type Differing } from './code_difference';
import { lines, type Line, type LineValue } from './compare_lines';
import { RunHead } from './run_head';
import type { CompareWords } from './words';

/** What can be done with a run in the table. */
export interface HeadActions {
  open?: ((run: string) => void) | undefined;
  remove(run: string): void;
}

/** A line's elements, filled anew when it changes. */
interface Shown {
  readonly element: HTMLTableRowElement;
  readonly name: HTMLElement;
  readonly note: HTMLElement;
  readonly mark: HTMLElement;
  readonly cells: HTMLElement[];
}

/** The runs side by side: a column for each, a row for each parameter, last value, tag and fact. */
export class CompareTable {
  readonly element: HTMLTableElement;
  private readonly head = h('tr');
  private readonly body = h('tbody');
  private readonly heads = new Map<string, RunHead>();
  private readonly shown = new Map<string, Shown>();
  private readonly none: HTMLTableRowElement;
  private readonly noneText: HTMLTableCellElement;
  private readonly difference = h('td');
  private readonly differenceRow = h('tr', { class: 'cellrun-compare-difference' }, this.difference);
  /** Whose code is shown against the first run's, by the column: null for none, until one is chosen the first. */
  private chosen: number | null | undefined;
  private shownDifference = '';

  /** `corner`: what stands above the names of the rows. `changed`: something else is to be shown. */
  constructor(
    private readonly locale: Locale,
    private readonly words: CompareWords,
    private readonly actions: HeadActions,
    corner: HTMLElement,
    private readonly changed: () => void,
  ) {
    this.noneText = h('td', { class: 'cellrun-muted' }, words.noDifferences);
    this.none = h('tr', {}, this.noneText);
    this.head.append(h('td', { class: 'cellrun-compare-corner' }, corner));
    this.element = h('table', { class: 'cellrun-compare-table', 'aria-label': words.table });
    this.element.append(h('thead', {}, this.head), this.body);
    fitWithin(this.element);
  }

  update(comparison: Comparison, colours: readonly number[], onlyDifferences: boolean): void {
    this.updateHeads(comparison.runs, colours);
    this.element.style.setProperty('--cellrun-runs', String(comparison.runs.length));
    const all = lines(comparison, this.words, this.locale.format);
    const wanted = onlyDifferences ? all.filter(line => line.differs) : all;
    const keys = new Set(wanted.map(line => line.key));
    for (const [key, { element }] of this.shown) {
      if (keys.has(key)) continue;
      element.remove();
      this.shown.delete(key);
    }
    const shown = wanted.flatMap(line => {
      const { element } = this.line(line, comparison.runs.length);
      return this.showDifference(line) ? [element, this.differenceRow] : [element];
    });
    if (!shown.includes(this.differenceRow)) this.differenceRow.remove();
    shown.forEach((element, place) => this.put(element, place));
    if (wanted.length > 0) this.none.remove();
    else this.body.append(this.none);
    this.noneText.colSpan = this.difference.colSpan = comparison.runs.length + 1;
  }

  private updateHeads(rows: readonly Row[], colours: readonly number[]): void {
    const ids = new Set(rows.map(row => row.id));
    for (const [id, head] of this.heads) {
      if (ids.has(id)) continue;
      head.element.remove();
      this.heads.delete(id);
    }
    rows.forEach((row, i) => {
      let head = this.heads.get(row.id);
      if (!head) {
        const { actions } = this;
        head = new RunHead(this.locale, this.words, {
          open: actions.open && (() => actions.open?.(row.id)),
          remove: () => actions.remove(row.id),
        });
        this.heads.set(row.id, head);
      }
      head.update(row, colours[i] ?? i);
      const there = this.head.children[i + 1] ?? null;
      if (there !== head.element) this.head.insertBefore(head.element, there);
    });
  }

  /** Fill the row below the code's with the chosen run's difference; false if there is none to show. */
  private showDifference({ key, values }: Line): boolean {
    if (key !== 'code') return false;
    if (this.chosen === undefined) {
      const first = values.findIndex(value => value.difference);
      if (first >= 0) this.chosen = first;
    }
    const found = this.chosen == null ? undefined : values[this.chosen]?.difference;
    this.shown.get(key)?.cells.forEach((cell, i) => {
      const isOpen = found !== undefined && i === this.chosen;
      cell.querySelector('button')?.setAttribute('aria-expanded', String(isOpen));
    });
    if (!found) return false;
    const now = JSON.stringify(found);
    if (now !== this.shownDifference)
      this.difference.replaceChildren(codeDifference(found, this.label(found)));
    this.shownDifference = now;
    return true;
  }

  private label({ names: [one, other] }: Differing): string {
    return fill(this.words.difference, { one, other });
  }

  private put(element: HTMLTableRowElement, place: number): void {
    const there = this.body.children[place] ?? null;
    if (there !== element) this.body.insertBefore(element, there);
  }

  private line(line: Line, columns: number): Shown {
    const shown = this.shown.get(line.key) ?? this.make(line.key);
    setText(shown.name, line.name);
    setText(shown.note, line.note);
    setAttribute(shown.name, 'title', line.name);
    setAttribute(shown.element, 'data-differs', line.differs ? '' : null);
    setText(shown.mark, line.differs ? '≠' : '');
    setAttribute(shown.mark, 'title', line.differs ? this.words.differs : null);
    setAttribute(shown.mark, 'aria-label', line.differs ? this.words.differs : null);
    setAttribute(shown.mark, 'role', line.differs ? 'img' : null);
    while (shown.cells.length > columns) shown.cells.pop()?.remove();
    while (shown.cells.length < columns) {
      const cell = h('td');
      shown.cells.push(cell);
      shown.element.append(cell);
    }
    shown.cells.forEach((cell, i) => {
      const value = line.values[i];
      if (value) this.fill(cell, value, i);
      setAttribute(cell, 'title', value?.title ?? null);
      setAttribute(cell, 'data-best', value?.isBest ? '' : null);
      setAttribute(cell, 'data-missing', value?.isMissing ? '' : null);
      setAttribute(cell, 'class', line.isCode ? 'cellrun-code' : 'cellrun-numbers');
    });
    return shown;
  }

  /** A value, or a button that shows how code differs. */
  private fill(cell: HTMLElement, { text, texts, common = 0, difference }: LineValue, column: number): void {
    const now = JSON.stringify([text, common, difference !== undefined]);
    if (cell.dataset.shown === now) return;
    cell.dataset.shown = now;
    if (difference) {
      const choose = (): void => {
        this.chosen = this.chosen === column ? null : column;
        this.changed();
      };
      cell.replaceChildren(
        h('button', { type: 'button', class: 'cellrun-link', on: { click: choose } }, text),
      );
    } else if (texts) {
      setAttribute(cell, 'data-number', texts.length > 1 ? '' : null);
      fit(cell, texts);
    } else if (common > 0) {
      cell.replaceChildren(h('span', { class: 'cellrun-muted' }, text.slice(0, common)), text.slice(common));
    } else cell.replaceChildren(text);
  }

  private make(key: string): Shown {
    const name = h('span');
    const note = h('span', { class: 'cellrun-muted' });
    const mark = h('span', { class: 'cellrun-compare-mark' });
    const element = h('tr', {}, h('th', { scope: 'row' }, h('div', {}, mark, name, ' ', note)));
    const shown = { element, name, note, mark, cells: [] };
    this.shown.set(key, shown);
    return shown;
  }
}
