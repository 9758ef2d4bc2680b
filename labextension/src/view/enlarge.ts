import { h } from './dom';

/** What a picture that can be enlarged says. */
export interface EnlargeWords {
  readonly enlarge: string;
  readonly close: string;
}

/** A button around a picture: it shows it as large as the window allows. Escape, a click and the button close it. */
export function enlargeable(picture: HTMLImageElement, words: EnlargeWords): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'cellrun-enlarge', title: words.enlarge }, picture);
  button.addEventListener('click', () => enlarge(button, picture, words));
  return button;
}

function enlarge(within: HTMLElement, { src, alt }: HTMLImageElement, words: EnlargeWords): void {
  const close = h('button', { type: 'button', class: 'cellrun-button' }, words.close);
  const large = h('img', { src, alt });
  const dialog = h('dialog', { class: 'cellrun-enlarged', 'aria-label': alt }, large, close);
  dialog.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    dialog.remove();
    within.focus();
  });
  // A notebook takes keys for commands: these are the dialog's.
  dialog.addEventListener('keydown', event => event.stopPropagation());
  within.after(dialog);
  dialog.showModal();
}
