import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';
import type { Dialogs, Field, Link, Question } from '../actions/dialogs';
import { actionWords, type ActionWords } from '../actions/words';
import type { Translate } from '../i18n/translate';
import { h } from '../view/dom';

/** How long a notice stays; an error stays until it is closed. */
const NOTICE_MS = 5000;
const ERROR_MS = 15_000;

/** JupyterLab's own dialogs and notifications. */
export class LabDialogs implements Dialogs {
  private readonly words: ActionWords;

  constructor(translate: Translate) {
    this.words = actionWords(translate);
  }

  async ask(question: Question): Promise<readonly string[] | null> {
    const body = new QuestionBody(question);
    const accept = question.danger ? Dialog.warnButton : Dialog.okButton;
    const { button } = await showDialog({
      title: question.title,
      body,
      buttons: [Dialog.cancelButton({ label: this.words.dismiss }), accept({ label: question.accept })],
      defaultButton: question.danger ? 0 : 1,
      ...(question.fields ? { focusNodeSelector: 'input' } : {}),
    });
    return button.accept ? body.values : null;
  }

  tell(text: string, kind: 'info' | 'error', link?: Link): void {
    const actions = link ? [{ label: link.label, callback: () => link.follow() }] : [];
    if (kind === 'info') Notification.info(text, { autoClose: NOTICE_MS, actions });
    else Notification.error(text, { autoClose: ERROR_MS, actions }); // Lab's bell keeps it
  }
}

/** What a dialog shows: lines to read, fields to fill in. */
class QuestionBody extends Widget {
  private readonly inputs: readonly HTMLInputElement[];

  constructor({ lines, fields = [] }: Question) {
    const inputs = fields.map(({ value }) =>
      h('input', { type: 'text', class: 'jp-mod-styled', value, spellcheck: 'false' }),
    );
    const labels = fields.map((field, i) => labelled(field, inputs[i] ?? h('input')));
    super({ node: h('div', {}, ...lines.map(line => h('p', {}, line)), ...labels) });
    this.inputs = inputs;
  }

  get values(): readonly string[] {
    return this.inputs.map(input => input.value);
  }
}

function labelled(field: Field, input: HTMLInputElement): HTMLElement {
  const help = field.help === undefined ? [] : [h('small', {}, field.help)];
  const label = h('label', {}, h('span', {}, field.label), input, ...help);
  label.style.display = 'grid';
  label.style.marginBottom = '8px';
  return label;
}
