import { h, setText } from '../view/dom';
import type { PageWords } from './words';

/** How long the button says that it did it. */
const SAID_MS = 2000;

/** A button that puts a text into the clipboard; where it can't, the text is selected to be copied by hand. */
export function copyButton(code: HTMLElement, words: PageWords): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'cellrun-button', 'aria-live': 'polite' }, words.copy);
  button.addEventListener('click', () => {
    navigator.clipboard.writeText(code.textContent).then(
      () => {
        setText(button, words.copied);
        setTimeout(() => setText(button, words.copy), SAID_MS);
      },
      () => getSelection()?.selectAllChildren(code),
    );
  });
  return button;
}
