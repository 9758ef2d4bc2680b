import type { Translate } from '../i18n/translate';
import { h } from '../view/dom';
import css from './actions.css?inline';
import type { Dialogs, Field, Link, Question } from './dialogs';
import { actionWords, type ActionWords } from './words';

/** How long a notice stays; an error stays until it is closed. */
const NOTICE_MS = 6000;

/** Dialogs of a page without JupyterLab: the browser's own `<dialog>`, and notices in a corner. */
export class PageDialogs implements Dialogs {
  private readonly words: ActionWords;
  private readonly notices = h('div', { class: 'cellrun-notices', role: 'status', popover: 'manual' });

  /** `within`: the surface whose colours they take. */
  constructor(
    private readonly within: HTMLElement,
    translate: Translate,
  ) {
    this.words = actionWords(translate);
    this.notices.append(h('style', {}, css));
    within.append(this.notices);
  }

  ask(question: Question): Promise<readonly string[] | null> {
    const inputs = (question.fields ?? []).map(field => h('input', { type: 'text', value: field.value }));
    const accept = h(
      'button',
      { value: 'accept', class: 'cellrun-button cellrun-button-main' },
      question.accept,
    );
    if (question.danger) accept.dataset.danger = '';
    const dismiss = h(
      'button',
      { value: '', formnovalidate: true, class: 'cellrun-button' },
      this.words.dismiss,
    );
    // The first button is the one that Enter presses in a field.
    const buttons = h('div', { class: 'cellrun-dialog-buttons' }, accept, dismiss);
    const title = h('h2', { id: 'cellrun-dialog-title' }, question.title);
    const lines = question.lines.map(line => h('p', {}, line));
    const fields = (question.fields ?? []).map((field, i) => labelled(field, inputs[i] ?? h('input')));
    const form = h('form', { method: 'dialog' }, title, ...lines, ...fields, buttons);
    const dialog = h(
      'dialog',
      { class: 'cellrun-dialog', 'aria-labelledby': title.id },
      h('style', {}, css),
      form,
    );
    this.within.append(dialog);
    dialog.showModal();
    (inputs[0] ?? (question.danger ? dismiss : accept)).focus();
    return new Promise(resolve => {
      dialog.addEventListener('close', () => {
        dialog.remove();
        resolve(dialog.returnValue === 'accept' ? inputs.map(input => input.value) : null);
      });
    });
  }

  tell(text: string, kind: 'info' | 'error', link?: Link): void {
    const end = (): void => {
      notice.remove();
      clearTimeout(timer);
      if (!this.notices.querySelector('[data-kind]')) this.notices.hidePopover();
    };
    const button = (label: string, press: () => void): HTMLElement =>
      h('button', { type: 'button', class: 'cellrun-link', on: { click: press } }, label);
    const follow = (): void => {
      end();
      link?.follow();
    };
    const leads = link ? [button(link.label, follow)] : [];
    const said = h('span', { class: 'cellrun-notice-text' }, text);
    const notice = h(
      'div',
      { class: 'cellrun-notice', data: { kind } },
      said,
      ...leads,
      button(this.words.close, end),
    );
    this.notices.append(notice);
    this.notices.showPopover();
    const timer = kind === 'info' ? setTimeout(end, NOTICE_MS) : undefined;
  }
}

function labelled(field: Field, input: HTMLInputElement): HTMLElement {
  const help = field.help === undefined ? [] : [h('small', { class: 'cellrun-muted' }, field.help)];
  return h('label', {}, h('span', {}, field.label), input, ...help);
}
