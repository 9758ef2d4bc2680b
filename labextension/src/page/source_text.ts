import { h } from '../view/dom';

/** So many lines are put into the page at once; the rest as the reader comes near. */
const LINES = 2000;

/** A text with line numbers, which aren't copied with it. */
export function sourceText(text: string, label: string): HTMLElement {
  const lines = text.replace(/\n$/, '').split('\n');
  const numbers = h('pre', { class: 'cellrun-source-numbers', 'aria-hidden': 'true' });
  const code = h('pre', { class: 'cellrun-source-text' });
  const element = h(
    'div',
    { class: 'cellrun-source', role: 'region', tabindex: 0, 'aria-label': label },
    numbers,
    code,
  );
  let shown = 0;
  const more = (): void => {
    const next = lines.slice(shown, shown + LINES);
    numbers.append(next.map((_, i) => `${shown + i + 1}\n`).join(''));
    code.append(`${next.join('\n')}\n`);
    shown += next.length;
  };
  more();
  element.addEventListener('scroll', () => {
    const { scrollTop, clientHeight, scrollHeight } = element;
    if (shown < lines.length && scrollTop + 2 * clientHeight > scrollHeight) more();
  });
  return element;
}

/** How many lines a text has. */
export function countLines(text: string): number {
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length;
}
