import type { Metric } from '../data/metric';
import type { Series } from '../data/series';
import type { Context } from './context';
import { h, setText } from './dom';
import { fill } from './words';

/** A metric of texts: its last rows. */
export class TableCard {
  readonly element: HTMLElement;
  private readonly name = h('b');
  private readonly note = h('span', { class: 'cellrun-muted' });
  private readonly head = h('tr');
  private readonly body = h('tbody');

  constructor(
    name: string,
    private readonly context: Context,
  ) {
    setText(this.name, name);
    const table = h('table', {}, h('thead', {}, this.head), this.body);
    const scroller = h(
      'div',
      { class: 'cellrun-table', role: 'region', tabindex: 0, 'aria-label': name },
      table,
    );
    const title = h('div', { class: 'cellrun-card-title' }, this.name, this.note);
    this.element = h('div', { class: 'cellrun-card' }, title, scroller);
  }

  update(metric: Metric, series: Series): void {
    const { format, words } = this.context;
    const columns = series.lines.flatMap(name => metric.column(name) ?? []);
    const rows = { shown: format.count(metric.length), rows: format.count(metric.rows) };
    setText(this.note, metric.rows > metric.length ? fill(words.rowsOf, rows) : '');
    this.head.replaceChildren(...columns.map(column => h('th', { scope: 'col' }, column.name)));
    const cells = (row: number): HTMLElement[] =>
      columns.map(column => h('td', {}, column.text[row] ?? format.value(null)));
    this.body.replaceChildren(
      ...Array.from({ length: metric.length }, (_, row) => h('tr', {}, ...cells(row))),
    );
  }

  dispose(): void {
    this.element.remove();
  }
}
