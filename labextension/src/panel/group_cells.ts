import { fill } from '../i18n/fill';
import { h, setAttribute, setText } from '../view/dom';
import type { PanelContext } from './context';
import type { Group } from './group';

/** What a line shows of an experiment: its name, and the metric of its runs, or how they went while it is closed. */
export class GroupCells {
  private readonly twist = h('span', { class: 'cellrun-group-twist', 'aria-hidden': 'true' });
  private readonly label = h('span', { class: 'cellrun-group-label', dir: 'auto' });
  private readonly done = h('span', { class: 'cellrun-group-done' });
  private readonly metric = h('button', { type: 'button', class: 'cellrun-group-metric', tabindex: -1 });
  private readonly result = h('span', { class: 'cellrun-group-result cellrun-numbers' });
  readonly elements = [
    h('span', { role: 'gridcell', class: 'cellrun-group-name' }, this.twist, this.label, this.done),
    h('span', { role: 'gridcell', class: 'cellrun-group-end' }, this.metric, this.result),
  ];

  constructor(private readonly context: PanelContext) {}

  draw(group: Group, isOpen: boolean): void {
    const { words, format } = this.context;
    setText(this.twist, isOpen ? '▾' : '▸');
    setText(this.label, group.name);
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
    if (!isOpen) setText(this.result, this.resultOf(group));
  }

  private resultOf(group: Group): string {
    const { words, format } = this.context;
    const { metric, best, newest } = group;
    if (metric === null) return '';
    if (best !== null) return fill(words.best, { value: format.number(best) });
    const value = newest.find(row => Object.hasOwn(row.metrics, metric))?.metrics[metric] ?? null;
    return fill(words.latest, { metric, value: format.value(value) });
  }
}
