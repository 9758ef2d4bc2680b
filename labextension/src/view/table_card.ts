import type { Column, Metric } from '../data/metric';
import type { Value } from '../data/protocol';
import type { Series } from '../data/series';
import type { RunSource } from '../data/source';
import type { Locale } from './locale';
import { h, setText } from './dom';
import { saidHere } from './said';
import { fill } from './words';

/** Rows shown at first, and more at each wish. */
const FIRST_ROWS = 10;
const ROWS_AT_A_TIME = 100;

/** What Python calls the numbers that JSON has no word for. */
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['nan', NaN],
  ['inf', Infinity],
  ['-inf', -Infinity],
]);

/** A metric that is no series, as the table that it is: its first rows, the rest on demand. */
export class TableCard {
  readonly element: HTMLElement;
  private readonly note = h('span', { class: 'cellrun-muted cellrun-numbers' });
  private readonly head = h('tr');
  private readonly body = h('tbody');
  private readonly more: HTMLButtonElement;
  private metric: Metric | null = null;
  private columns: readonly Column[] = [];
  /** How the body is drawn: another one is drawn anew, else rows are only added. */
  private look = '';
  /** Rows after those that are held, as they were read, by column. */
  private read: Value[][] = [];
  private wanted = FIRST_ROWS;
  private isReading = false;
  private problem = '';

  constructor(
    private readonly name: string,
    private readonly locale: Locale,
    private readonly source: Pick<RunSource, 'readMetric'>,
  ) {
    const title = h(
      'div',
      { class: 'cellrun-card-title' },
      h('span', { title: name }, h('b', {}, name)),
      this.note,
    );
    const table = h('table', {}, h('thead', {}, this.head), this.body);
    const region = { role: 'region', tabindex: 0, 'aria-label': name };
    this.more = h('button', {
      type: 'button',
      class: 'cellrun-link cellrun-more',
      hidden: true,
      on: { click: () => void this.showMore() },
    });
    this.element = h(
      'div',
      { class: 'cellrun-card' },
      title,
      h('div', { class: 'cellrun-table', ...region }, table),
      this.more,
    );
  }

  update(metric: Metric, series: Series): void {
    this.metric = metric;
    this.columns = series.lines.flatMap(name => metric.column(name) ?? []);
    this.draw();
  }

  dispose(): void {
    this.element.remove();
  }

  private draw(): void {
    const { metric, columns } = this;
    if (!metric) return;
    const whole = columns.map(column => column.text.every(text => !/[.e]/.test(text ?? '')));
    const look = JSON.stringify(columns.map(({ name, type }, i) => [name, type, whole[i]]));
    if (look !== this.look) {
      this.look = look;
      this.read = [];
      this.body.replaceChildren();
      this.head.replaceChildren(
        ...columns.map(({ name, type }) => h('th', { scope: 'col', data: { type } }, name)),
      );
    }
    const shown = Math.min(this.wanted, metric.length + (this.read[0]?.length ?? 0));
    for (let row = this.body.rows.length; row < shown; row++)
      this.body.append(h('tr', {}, ...columns.map((_, i) => this.cell(i, row, whole[i] ?? false))));
    this.say(shown);
  }

  private cell(at: number, row: number, whole: boolean): HTMLElement {
    const { metric, columns, locale } = this;
    const column = columns[at];
    const held = metric?.length ?? 0;
    const text = row < held ? (column?.text[row] ?? null) : written(this.read[at]?.[row - held] ?? null);
    if (text === null || column?.type !== 'number')
      return h('td', { data: { type: column?.type ?? 'text' } }, text ?? locale.format.value(null));
    const number = NOT_FINITE.get(text) ?? Number(text);
    const isText = Number.isNaN(number) && text !== 'nan';
    const isExact = /^-?\d{16,}$/.test(text);
    const shown = isText
      ? text
      : isExact
        ? locale.format.value({ int: text })
        : locale.format.number(number, whole && Number.isInteger(number)); // a row that is read may be none
    return h('td', { data: { type: 'number' }, title: text }, shown);
  }

  private say(shown: number): void {
    const { metric, locale, problem } = this;
    const { format, words } = locale;
    const rows = metric?.rows ?? 0;
    const counts = { shown: format.count(shown), rows: format.count(rows) };
    setText(this.note, problem || (rows > shown ? fill(words.rowsOf, counts) : ''));
    const there = this.source.readMetric ? rows : (metric?.length ?? 0);
    const left = Math.min(there - shown, ROWS_AT_A_TIME);
    this.more.hidden = left <= 0;
    this.more.disabled = this.isReading;
    setText(this.more, fill(words.showMore, { n: format.count(left) }));
  }

  /** Show more of the rows, reading what isn't held. */
  private async showMore(): Promise<void> {
    const { metric, source } = this;
    if (!metric || this.isReading) return;
    this.wanted = this.body.rows.length + ROWS_AT_A_TIME;
    const start = metric.length + (this.read[0]?.length ?? 0);
    const count = Math.min(this.wanted, metric.rows) - start;
    if (count > 0 && source.readMetric) {
      const { look } = this;
      this.isReading = true;
      this.draw();
      try {
        const answer = await source.readMetric({ name: this.name, start, count, points: Math.max(2, count) });
        const columns = this.columns.map(({ name }) => answer.columns.find(column => column.name === name));
        if (look === this.look)
          this.read = columns.map((column, i) => [...(this.read[i] ?? []), ...(column?.values ?? [])]);
        this.problem = '';
      } catch (error) {
        this.problem = saidHere(error instanceof Error ? error.message : String(error));
      } finally {
        this.isReading = false;
      }
    }
    this.draw();
  }
}

/** A value as Python writes it, like those that a view holds; null for none. */
function written(value: Value): string | null {
  if (value === null) return null;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return String(value);
  return 'int' in value ? value.int : value.float.replace('Infinity', 'inf').replace('NaN', 'nan');
}
