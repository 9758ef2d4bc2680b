import type { Metric } from '../data/metric';
import type { Series } from '../data/series';
import type { Locale } from './locale';
import { h, setAttribute } from './dom';
import { fit, fitWithin } from './fit';
import { setName } from './name';

/** Metrics of one value: name and value, side by side. */
export class Tiles {
  readonly element = h('dl', { class: 'cellrun-tiles' });
  private readonly values = new Map<string, { tile: HTMLElement; value: HTMLElement }>();

  constructor(private readonly locale: Locale) {
    fitWithin(this.element);
  }

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
    const { format } = this.locale;
    const columns = series.lines.map(name => format.shorter(metric.column(name)?.last ?? null));
    const texts = joined(columns.length > 0 ? columns : [format.shorter(null)]);
    const [text = ''] = texts;
    setAttribute(shown.value, 'data-whole', text);
    fit(shown.value, texts);
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

/** Several values in one text, then with ever fewer digits. */
function joined(values: readonly (readonly string[])[]): readonly string[] {
  const most = Math.max(...values.map(texts => texts.length));
  return Array.from({ length: most }, (_, i) => values.map(texts => texts[i] ?? texts.at(-1)).join(' · '));
}
