import { h, setText } from '../view/dom';
import type { PanelLocale } from './locale';
import { EXAMPLES } from './filter';

/** Where the reader says which runs to show, with what can be said and what wasn't understood. */
export class FilterField {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  private readonly help: HTMLElement;
  private readonly ask: HTMLButtonElement;
  private readonly problem = h('p', {
    class: 'cellrun-filter-problem',
    id: 'cellrun-filter-problem',
    role: 'status',
  });

  /** `changed`: another text. `left`: the reader wants to the runs. */
  constructor(
    { words }: PanelLocale,
    private readonly changed: (text: string) => void,
    left: () => void,
  ) {
    this.input = h('input', {
      type: 'search',
      class: 'cellrun-filter-input',
      placeholder: words.filter,
      title: EXAMPLES.map(([key, example]) => `${example}   ${words.help[key]}`).join('\n'),
      'aria-label': words.filterLabel,
      'aria-describedby': this.problem.id,
      autocomplete: 'off',
      spellcheck: 'false',
      dir: 'auto',
    });
    this.ask = h(
      'button',
      { type: 'button', class: 'cellrun-link', 'aria-expanded': 'false', 'aria-label': words.filterHelp },
      '?',
    );
    this.ask.title = words.filterHelp;
    this.ask.addEventListener('click', () => this.showHelp(this.help.hidden));
    this.help = h(
      'ul',
      { class: 'cellrun-filter-help', hidden: true, 'aria-label': words.filterHelp },
      ...EXAMPLES.map(([key, example]) => this.exampleLine(example, words.help[key])),
    );
    this.input.addEventListener('input', () => this.changed(this.input.value));
    this.input.addEventListener('keydown', event => {
      if (event.key === 'ArrowDown' || event.key === 'Enter') left();
      else if (event.key === 'Escape' && this.input.value !== '') this.text = '';
      else if (event.key === 'Escape') left();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    const line = h('div', { class: 'cellrun-filter-line' }, this.input, this.ask);
    this.element = h('div', { class: 'cellrun-filter', role: 'search' }, line, this.help, this.problem);
    this.element.addEventListener(
      'keydown',
      event => {
        if (event.key !== 'Escape' || this.help.hidden) return;
        this.showHelp(false);
        event.preventDefault();
        event.stopPropagation();
      },
      true,
    );
  }

  set text(text: string) {
    this.input.value = text;
    this.changed(text);
  }

  /** Say what wasn't understood. */
  say(problems: readonly string[]): void {
    setText(this.problem, problems.join('\n'));
    this.problem.hidden = problems.length === 0;
  }

  private showHelp(shown: boolean): void {
    this.help.hidden = !shown;
    this.ask.setAttribute('aria-expanded', String(shown));
  }

  private exampleLine(example: string, meaning: string): HTMLElement {
    const add = (): void => {
      this.text = [this.input.value.trim(), example].filter(Boolean).join(' ');
      this.showHelp(false);
      this.input.focus();
    };
    const button = h(
      'button',
      { type: 'button', class: 'cellrun-link', on: { click: add } },
      h('code', {}, example),
    );
    return h('li', {}, button, h('span', { class: 'cellrun-muted' }, meaning));
  }
}
