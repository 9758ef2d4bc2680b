import type { RunFile, RunFiles } from '../server/openapi';
import { h, setAttribute } from '../view/dom';
import { saidHere } from '../view/said';
import type { PageLocale } from './locale';

/** One line of a list of files. */
export interface FileLine {
  readonly name: string;
  /** What is read in its place, where that isn't its name. */
  readonly label?: string;
  readonly note: string;
  readonly title: string;
}

/** Files by name; the arrows go from one to the next and show it. */
export class FileList {
  readonly element: HTMLElement;
  private readonly buttons: HTMLButtonElement[] = [];
  private chosen = '';

  /** `choose` is called with the name of the file to show. */
  constructor(
    label: string,
    private readonly choose: (name: string) => void,
  ) {
    this.element = h('div', { class: 'cellrun-files', role: 'listbox', 'aria-label': label });
    this.element.addEventListener('keydown', event => this.key(event));
  }

  /** Which file is shown; empty for none. */
  get shown(): string {
    return this.chosen;
  }

  /** List these files. What was chosen stays so. */
  setFiles(lines: readonly FileLine[]): void {
    this.buttons.length = 0;
    for (const { name, label, note, title } of lines) {
      const text = h('span', { class: 'cellrun-file-name' }, label ?? name);
      const size = h('span', { class: 'cellrun-muted cellrun-numbers' }, note);
      const click = (): void => this.open(name);
      const attributes = { type: 'button', role: 'option', class: 'cellrun-file', title, data: { name } };
      this.buttons.push(h('button', { ...attributes, on: { click } }, text, size));
    }
    this.element.replaceChildren(...this.buttons);
    this.mark();
  }

  /** Choose a file. */
  open(name: string): void {
    this.chosen = name;
    this.mark();
    this.choose(name);
  }

  private mark(): void {
    const at = this.buttons.findIndex(button => button.dataset.name === this.chosen);
    this.buttons.forEach((button, i) => {
      setAttribute(button, 'aria-selected', String(i === at));
      button.tabIndex = i === Math.max(0, at) ? 0 : -1;
    });
  }

  private key(event: KeyboardEvent): void {
    const at = this.buttons.findIndex(button => button === document.activeElement);
    const last = this.buttons.length - 1;
    const to = new Map([
      ['ArrowUp', Math.max(0, at - 1)],
      ['ArrowDown', Math.min(last, at + 1)],
      ['Home', 0],
      ['End', last],
    ]).get(event.key);
    const button = this.buttons[to ?? -1];
    if (!button) return;
    event.preventDefault();
    button.focus();
    this.open(button.dataset.name ?? '');
  }
}

/** A file as a line of a list. */
export function fileLine(file: RunFile, { format }: PageLocale): FileLine {
  const title = `${file.name}\n${format.dateTime(1000 * file.modified_at)}`;
  return { name: file.name, note: format.bytes(file.size_bytes), title };
}

/** What isn't offered, and why. */
export function skippedFiles({ skipped }: RunFiles): HTMLElement[] {
  if (skipped.length === 0) return [];
  const lines = skipped.map(({ name, why }) =>
    h('li', {}, h('span', {}, name), ' ', h('span', { class: 'cellrun-muted' }, saidHere(why))),
  );
  return [h('ul', { class: 'cellrun-skipped' }, ...lines)];
}
