import { COMPARED, type RunActions } from '../actions/run_actions';
import { bestPlaces } from '../compare/better';
import { isTerminal, type Value } from '../data/protocol';
import { fill } from '../i18n/fill';
import { numberOf } from '../panel/comparison';
import type { Api, RunKey } from '../server/api';
import type { Connection } from '../server/connection';
import type { Row } from '../server/openapi';
import { h, setAttribute, setText } from '../view/dom';
import { clock } from '../view/format';
import { elapsedOf } from '../panel/stage';
import { setName } from '../view/name';
import { statusIcon } from '../view/status_icon';
import { childColumns, primaryMetric, sortedBy, type ChildColumn, type PrimaryMetric } from './child_columns';
import { ChildRuns } from './child_runs';
import type { PageLocale } from './locale';
import { part, textOf } from './recorded';
import { nothing } from './section';

/** What can be done with child runs. */
export interface ChildrenOptions {
  readonly actions?: RunActions | undefined;
  openRun?: ((run: string) => void) | undefined;
  /** There are so many now. */
  counted(count: number): void;
}

/** While many runs report, the table is drawn so often at the most. */
const DRAW_MS = 500;

/** The child runs of a run as a table, sorted by what is clicked. */
export class ChildrenPane {
  readonly element = h('div', { class: 'cellrun-pane cellrun-children' });
  private readonly bar = h('div', { class: 'cellrun-children-bar' });
  private readonly note = h('span', { class: 'cellrun-muted' });
  private readonly compare = h('button', { type: 'button', class: 'cellrun-button' });
  private readonly place = h('div', { class: 'cellrun-table', role: 'region', tabindex: 0 });
  private readonly runs: ChildRuns;
  private readonly chosen = new Set<string>();
  private sorted: { readonly key: string; readonly isDown: boolean } | null = null;
  private primary: PrimaryMetric | null = null;
  private isOpen = false;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private readonly timer = setInterval(() => this.tick(), 1000);

  constructor(
    private readonly api: Api,
    stream: Pick<Connection, 'list'>,
    private readonly key: RunKey,
    private readonly locale: PageLocale,
    private readonly options: ChildrenOptions,
  ) {
    this.runs = new ChildRuns(api, stream, key, () => this.changed());
    this.place.setAttribute('aria-label', locale.page.children);
    this.compare.addEventListener('click', () => this.compareChosen());
    this.bar.append(this.note, this.compare);
    this.element.append(this.bar, this.place);
  }

  /** It is shown. */
  open(): void {
    if (!this.isOpen) void this.readPrimary();
    this.isOpen = true;
    this.draw();
  }

  dispose(): void {
    this.runs.dispose();
    clearInterval(this.timer);
    clearTimeout(this.waiting);
  }

  private changed(): void {
    this.options.counted(this.runs.total);
    if (!this.isOpen || this.element.hidden) return;
    this.waiting ??= setTimeout(() => {
      this.waiting = undefined;
      this.draw();
    }, DRAW_MS);
  }

  /** A sweep says in its properties what it compares its runs by, as Azure ML's does. */
  private async readPrimary(): Promise<void> {
    const { record } = await this.api.run(this.key).catch(() => ({ record: null }));
    this.primary = primaryMetric(textOf(part(record, 'properties'), 'primary_metric_config'));
    if (this.primary) this.draw();
  }

  private draw(): void {
    const { page } = this.locale;
    const { all, problem, total } = this.runs;
    const ids = new Set(all.map(row => row.id));
    for (const id of this.chosen) if (!ids.has(id)) this.chosen.delete(id);
    this.drawBar(all, total);
    if (problem !== null) this.place.replaceChildren(nothing(fill(page.failed, { why: problem })));
    else if (all.length === 0) this.place.replaceChildren(nothing(page.noChildren));
    else this.drawTable(all);
  }

  private drawBar(all: readonly Row[], total: number): void {
    const { page, words, format } = this.locale;
    const told = [...this.runs.counts].map(([status, n]) => `${format.count(n)} ${words.status[status]}`);
    if (total > all.length)
      told.unshift(fill(page.newestChildren, { n: format.count(all.length), total: format.count(total) }));
    setText(this.note, told.join(' · '));
    const n = this.toCompare(all).length;
    this.compare.hidden = !this.options.actions?.places.compare || all.length < COMPARED.least;
    this.compare.disabled = n < COMPARED.least || n > COMPARED.most;
    setText(this.compare, fill(page.compareChildren, { n: format.count(n) }));
  }

  /** The chosen ones; where none is chosen, all, or the newest if there are too many. */
  private toCompare(all: readonly Row[]): readonly Row[] {
    return this.chosen.size > 0 ? all.filter(row => this.chosen.has(row.id)) : all.slice(-COMPARED.most);
  }

  private compareChosen(): void {
    this.options.actions?.compare(this.key.workspace, this.toCompare(this.runs.all));
  }

  private drawTable(all: readonly Row[]): void {
    const columns = childColumns(all, this.primary);
    const by = columns.find(column => column.key === this.sorted?.key);
    const rows = by ? sortedBy(all, by, this.sorted?.isDown ?? false) : all;
    const best = columns.map(column =>
      column.better
        ? bestPlaces(
            rows.map(row => column.of(row) ?? null),
            column.better,
          )
        : new Set<number>(),
    );
    const body = rows.map((row, place) =>
      h(
        'tr',
        { 'data-run': row.id },
        h('td', {}, this.box(row)),
        h('td', { class: 'cellrun-children-run' }, this.name(row)),
        h('td', { class: 'cellrun-children-time', 'data-type': 'number' }, this.time(row)),
        ...columns.map((column, i) => this.cell(row, column, best[i]?.has(place) ?? false)),
      ),
    );
    const { page } = this.locale;
    const fixed = ['', page.run, page.time].map(text => h('th', { scope: 'col' }, text));
    const head = h('tr', {}, ...fixed, ...columns.map(column => this.heading(column)));
    const { scrollLeft, scrollTop } = this.place;
    const focused = this.place.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset.focus
      : undefined;
    this.place.replaceChildren(h('table', {}, h('thead', {}, head), h('tbody', {}, ...body)));
    Object.assign(this.place, { scrollLeft, scrollTop });
    if (focused !== undefined)
      this.place.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  private heading(column: ChildColumn): HTMLElement {
    const isSorted = this.sorted?.key === column.key;
    const isDown = isSorted && this.sorted?.isDown === true;
    const click = (): void => {
      // What a metric is looked at for comes first: its good end, or else the highest.
      const isFirstDown = column.kind === 'metric' && column.better?.end !== 'lowest';
      this.sorted = { key: column.key, isDown: isSorted ? !isDown : isFirstDown };
      this.draw();
    };
    const attributes = {
      type: 'button',
      class: 'cellrun-children-sort',
      'data-focus': column.key,
      on: { click },
    };
    const arrow = isSorted ? (isDown ? ' ↓' : ' ↑') : '';
    const button = h('button', attributes, `${column.label}${arrow}`);
    const heading = h('th', { scope: 'col', class: column.isNumeric ? 'cellrun-number' : '' }, button);
    setAttribute(heading, 'aria-sort', isSorted ? (isDown ? 'descending' : 'ascending') : null);
    return heading;
  }

  private cell(row: Row, column: ChildColumn, isBest: boolean): HTMLElement {
    const value = column.of(row);
    const text = value === undefined ? '' : this.textOf(value, column.isNumeric);
    const isNumber = column.isNumeric || typeof value === 'number';
    const cell = h('td', { 'data-type': isNumber ? 'number' : '', dir: 'auto' }, text);
    if (typeof value === 'string' && text !== value) cell.title = value;
    setAttribute(cell, 'data-best', isBest ? '' : null);
    if (isBest) cell.append(h('span', { class: 'cellrun-unseen' }, ` (${this.locale.page.best})`));
    return cell;
  }

  /** A value; of a number that a script was given, a text like 0.005174669162466247, as many digits as of one that was logged. */
  private textOf(value: Value, isNumeric: boolean): string {
    const { format } = this.locale;
    if (typeof value !== 'string' || !isNumeric) return format.value(value);
    const number = format.number(numberOf(value), false);
    return /^-?\d*$/u.test(value) || value.length <= number.length ? value : number;
  }

  private box(row: Row): HTMLElement {
    const box = h('input', { type: 'checkbox', 'data-focus': `box ${row.id}` });
    box.checked = this.chosen.has(row.id);
    box.setAttribute('aria-label', fill(this.locale.page.chooseChild, { name: row.display_name }));
    box.addEventListener('change', () => {
      if (box.checked) this.chosen.add(row.id);
      else this.chosen.delete(row.id);
      this.drawBar(this.runs.all, this.runs.total);
    });
    return box;
  }

  private name(row: Row): HTMLElement {
    const { openRun } = this.options;
    const state = h('span', { class: 'cellrun-state', 'data-status': row.status }, statusIcon(row.status));
    const word = this.locale.words.status[row.status];
    state.append(word);
    const focus = { 'data-focus': `run ${row.id}` };
    const link = openRun
      ? h('button', {
          type: 'button',
          class: 'cellrun-link cellrun-child',
          ...focus,
          on: { click: () => openRun(row.id) },
        })
      : h('span', { class: 'cellrun-child' });
    setName(link, row.display_name);
    const parts = [state, link];
    if (row.children > 0) {
      const count = this.locale.format.count(row.children);
      parts.push(h('span', { class: 'cellrun-muted' }, fill(this.locale.page.childrenCount, { n: count })));
    }
    return h('span', { class: 'cellrun-children-name' }, ...parts);
  }

  private time(row: Row): string {
    const elapsed = elapsedOf(row);
    return elapsed === null ? '' : clock(elapsed);
  }

  /** Times go on. */
  private tick(): void {
    if (!this.isOpen || this.element.hidden || document.hidden) return;
    for (const row of this.runs.all) {
      if (isTerminal(row.status)) continue;
      const cell = this.place.querySelector(`tr[data-run="${CSS.escape(row.id)}"] .cellrun-children-time`);
      if (cell) setText(cell, this.time(row));
    }
  }
}
