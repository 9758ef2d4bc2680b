import { colourClass } from './curve';
import { h, setAttribute, setText } from '../dom';

/** A curve's name and what is read of it. */
export interface LegendEntry {
  readonly name: string;
  readonly text: string;
  readonly colour?: number;
}

/** The values of a chart's lines, with their names and colours where there are several. */
export class Legend {
  readonly element = h('span', { class: 'cellrun-legend cellrun-numbers' });
  private readonly entries: { name: HTMLElement; value: HTMLElement; swatch: HTMLElement }[] = [];

  update(values: readonly LegendEntry[]): void {
    if (values.length !== this.entries.length) this.build(values.length);
    values.forEach((value, i) => {
      const entry = this.entries[i];
      if (!entry) return;
      setAttribute(entry.swatch, 'class', `cellrun-swatch ${colourClass(value, i)}`);
      if (values.length > 1) setText(entry.name, value.name);
      setText(entry.value, value.text);
    });
  }

  private build(count: number): void {
    this.entries.length = 0;
    this.element.replaceChildren();
    for (let i = 0; i < count; i++) {
      const name = h('span', { class: 'cellrun-muted' });
      const value = h('b');
      const swatch = h('i');
      this.entries.push({ name, value, swatch });
      this.element.append(count > 1 ? h('span', {}, swatch, name, ' ', value) : value);
    }
  }
}
