import { h } from '../view/dom';
import type { Language, Span } from './highlight';

/** So many lines are put into the page at once; the rest as the reader comes near. */
const LINES = 2000;

/** A text with line numbers, which aren't copied with it; coloured once that is loaded, if its language is known. */
export function sourceText(text: string, label: string, language: Language | null = null): HTMLElement {
  const whole = text.replace(/\n$/, '');
  let lines: readonly (string | Span[])[] = whole.split('\n');
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
    code.append(...next.flatMap(drawLine));
    shown += next.length;
  };
  more();
  element.addEventListener('scroll', () => {
    const { scrollTop, clientHeight, scrollHeight } = element;
    if (shown < lines.length && scrollTop + 2 * clientHeight > scrollHeight) more();
  });
  if (language !== null)
    void import('./highlight').then(({ highlighted }) => {
      lines = highlighted(whole, language);
      code.replaceChildren(...lines.slice(0, shown).flatMap(drawLine));
      element.dataset.language = language;
    });
  return element;
}

/** How many lines a text has. */
export function countLines(text: string): number {
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length;
}

/** In which language a file is, by its name; null for any that isn't known here. */
export function languageOfFile(name: string): Language | null {
  return /\.pyi?$/i.test(name) ? 'python' : /\.(?:json|ipynb|geojson)$/i.test(name) ? 'json' : null;
}

function drawLine(line: string | Span[]): (Node | string)[] {
  if (typeof line === 'string') return [`${line}\n`];
  const pieces = line.map(({ text, look }) =>
    look === '' ? text : h('span', { class: `cellrun-code-${look}` }, text),
  );
  return [...pieces, '\n'];
}
