import { h, setText } from './dom';

/** The values of a chart's lines, with their names and colours where there are several. */
export class Legend {
  readonly element = h('span', { class: 'cellrun-legend cellrun-numbers' });
  private readonly entries: { name: HTMLElement; value: HTMLElement }[] = [];

  update(values: readonly { name: string; text: string }[]): void {
    if (values.length !== this.entries.length) this.build(values.length);
    values.forEach(({ name, text }, i) => {
      const entry = this.entries[i];
      if (!entry) return;
      if (values.length > 1) setText(entry.name, name);
      setText(entry.value, text);
    });
  }

  private build(count: number): void {
    this.entries.length = 0;
    this.element.replaceChildren();
    for (let i = 0; i < count; i++) {
      const name = h('span', { class: 'cellrun-muted' });
      const value = h('b');
      const swatch = h('i', { class: `cellrun-swatch cellrun-s${(i % 6) + 1}` });
      this.entries.push({ name, value });
      this.element.append(count > 1 ? h('span', {}, swatch, name, ' ', value) : value);
    }
  }
}
