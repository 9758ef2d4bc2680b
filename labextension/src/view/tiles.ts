import type { Metric } from '../data/metric';
import type { Series } from '../data/series';
import type { Context } from './context';
import { h, setAttribute, setText } from './dom';
import { setName } from './name';

/** Metrics of one value: name and value, side by side. */
export class Tiles {
  readonly element = h('dl', { class: 'cellrun-tiles' });
  private readonly values = new Map<string, { tile: HTMLElement; value: HTMLElement }>();

  constructor(private readonly context: Context) {}

  update(metric: Metric, series: Series): void {
    let shown = this.values.get(metric.name);
    if (!shown) {
      const value = h('dd', { class: 'cellrun-numbers' });
      const name = h('dt', { title: metric.name });
      setName(name, metric.name);
      shown = { tile: h('div', {}, name, value), value };
      this.values.set(metric.name, shown);
      this.element.append(shown.tile);
    }
    const texts = series.lines.map(name => this.context.format.value(metric.column(name)?.last ?? null));
    const text = texts.join(' · ') || this.context.format.value(null);
    setText(shown.value, text);
    setAttribute(
      shown.value,
      'title',
      series.lines.length > 1 ? `${series.lines.join(' · ')}: ${text}` : text,
    );
  }

  remove(name: string): void {
    this.values.get(name)?.tile.remove();
    this.values.delete(name);
  }
}
