import { fill } from '../i18n/fill';
import { h, setAttribute, setText } from '../view/dom';
import { setName } from '../view/name';
import type { PanelLocale } from './locale';
import type { Group } from './group';

/** What a line shows of an experiment: its name, and the metric of its runs, or how they went while it is closed. */
export class GroupCells {
  private readonly twist = h('span', { class: 'cellrun-group-twist', 'aria-hidden': 'true' });
  private readonly label = h('span', { class: 'cellrun-group-label', dir: 'auto' });
  private readonly done = h('span', { class: 'cellrun-group-done' });
  private readonly metric = h('button', { type: 'button', class: 'cellrun-group-metric', tabindex: -1 });
  private readonly before = h('span', { class: 'cellrun-group-before' });
  private readonly value = h('span', { class: 'cellrun-numbers' });
  private readonly result = h('span', { class: 'cellrun-group-result' }, this.before, this.value);
  readonly elements = [
    h('span', { role: 'gridcell', class: 'cellrun-group-name' }, this.twist, this.label, this.done),
    h('span', { role: 'gridcell', class: 'cellrun-group-end' }, this.metric, this.result),
  ];

  constructor(private readonly locale: PanelLocale) {}

  draw(group: Group, isOpen: boolean): void {
    const { words, format } = this.locale;
    setText(this.twist, isOpen ? '▾' : '▸');
    setName(this.label, group.name);
    setAttribute(this.label, 'title', group.name);
    const counts = { done: format.count(group.done), total: format.count(group.newest.length) };
    setText(this.done, isOpen ? '' : ` · ${fill(words.doneOf, counts)}`);
    this.metric.hidden = !isOpen || group.metric === null;
    this.result.hidden = isOpen;
    const name = group.metric ?? '';
    setText(this.metric, `${name} ▾`);
    const label = fill(words.metric, { experiment: group.name });
    setAttribute(this.metric, 'title', label);
    setAttribute(this.metric, 'aria-label', `${label}: ${name}`);
    if (!isOpen) this.drawResult(group);
  }

  /** The value is whole, whatever the room; what is before it may be cut. */
  private drawResult(group: Group): void {
    const { words, format } = this.locale;
    const { metric, best, newest } = group;
    const value = newest.find(row => metric !== null && Object.hasOwn(row.metrics, metric))?.metrics[
      metric ?? ''
    ];
    const text = best === null ? format.value(value ?? null) : format.number(best);
    const [before = '', after = ''] = (best === null ? words.latest : words.best).split('{value}');
    const values = metric === null ? ['', ''] : [fill(before, { metric }), `${text}${after}`];
    setText(this.before, values[0] ?? '');
    setText(this.value, values[1] ?? '');
    setAttribute(this.result, 'title', values.join(''));
  }
}
