import { fill } from '../i18n/fill';
import type { SettingAsked } from '../server/openapi';
import { h, setAttribute } from '../view/dom';
import { withCode } from '../view/with_code';
import type { TargetWords } from './words';

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

let count = 0;

/** A field of the form: its control, what it means, and beside it what is wrong with what was written. */
export class FormField {
  readonly element: HTMLElement;
  private readonly problem: HTMLElement;

  constructor(
    label: string,
    note: string,
    help: string,
    readonly control: Control,
  ) {
    const id = `cellrun-field-${++count}`;
    const about = h('span', { id: `${id}-help`, class: 'cellrun-muted' }, ...withCode(help));
    this.problem = h('span', { id: `${id}-problem`, class: 'cellrun-field-problem', role: 'alert' });
    control.id = id;
    control.setAttribute('aria-describedby', `${about.id} ${this.problem.id}`);
    control.addEventListener('input', () => this.say('')); // it was said of what stood there before
    const name = h('label', { for: id }, label);
    if (note !== '') name.append(h('span', { class: 'cellrun-muted' }, ` · ${note}`));
    this.element = h('div', { class: 'cellrun-field' }, name, control, about, this.problem);
  }

  /** Say what is wrong; '' for nothing. */
  say(problem: string): void {
    this.problem.replaceChildren(...withCode(problem));
    setAttribute(this.control, 'aria-invalid', problem === '' ? null : 'true');
  }

  get hasProblem(): boolean {
    return this.control.getAttribute('aria-invalid') !== null;
  }
}

/** A field for a setting as its kind describes it. */
export class SettingField extends FormField {
  constructor(
    readonly asked: SettingAsked,
    meaning: string,
    private readonly words: TargetWords,
  ) {
    const note = asked.is_needed ? words.needed : words.optional;
    const help = asked.shape === 'list' ? `${meaning} (${words.listHelp})` : meaning;
    super(asked.name, note, help, controlFor(asked, words));
  }

  /** What was written, as the setting has it; undefined: it is left out. */
  get value(): unknown {
    const { asked, control } = this;
    const text = control.value.trim();
    if (text === '') return undefined;
    if (asked.shape === 'number') return Number(text);
    if (asked.shape === 'list')
      return text
        .split('\n')
        .map(line => line.trim())
        .filter(Boolean);
    return text;
  }

  /** What is wrong with it that needs no server; '' for nothing. */
  check(): string {
    const { asked, value, words } = this;
    if (value === undefined) return asked.is_needed ? words.fillIn : '';
    return asked.shape === 'number' && !Number.isSafeInteger(value) ? words.notWhole : '';
  }
}

/** A line to write on. */
export function textControl(value = ''): HTMLInputElement {
  const off = { autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' };
  return h('input', { type: 'text', class: 'cellrun-input', value, ...off });
}

function controlFor({ choices, shape }: SettingAsked, words: TargetWords): Control {
  if (choices.length > 0) {
    const options = choices.map((choice, i) =>
      h('option', { value: i === 0 ? '' : choice }, i === 0 ? fill(words.leftOut, { choice }) : choice),
    );
    return h('select', { class: 'cellrun-input' }, ...options);
  }
  if (shape === 'list') return h('textarea', { class: 'cellrun-input', rows: 3, spellcheck: 'false' });
  const control = textControl();
  if (shape === 'number') control.inputMode = 'numeric';
  return control;
}
