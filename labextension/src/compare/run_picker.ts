import type { Row } from '../server/openapi';
import { h, setText } from '../view/dom';
import type { CompareWords } from './words';

/** Adds a run to the comparison: a list of the others, asked for when it is opened. */
export class RunPicker {
  readonly element: HTMLSelectElement;
  private readonly label: HTMLOptionElement;

  constructor(
    private readonly words: CompareWords,
    private readonly others: () => Promise<readonly Row[]>,
    add: (run: string) => void,
  ) {
    this.label = h('option', { value: '' }, words.add);
    const named = { title: words.addTitle, 'aria-label': words.add };
    this.element = h('select', { class: 'cellrun-button cellrun-compare-add', ...named }, this.label);
    this.element.addEventListener('focus', () => void this.fill());
    this.element.addEventListener('change', () => {
      if (this.element.value !== '') add(this.element.value);
      this.element.value = '';
    });
  }

  private async fill(): Promise<void> {
    const rows = await this.others().catch(() => []);
    const options = rows.map(row => h('option', { value: row.id }, optionText(row)));
    setText(this.label, rows.length > 0 ? this.words.add : this.words.noneToAdd);
    this.element.replaceChildren(this.label, ...options);
  }
}

function optionText({ name, display_name, status }: Row): string {
  return `${display_name === name ? name : `${display_name} (${name})`} · ${status}`;
}
