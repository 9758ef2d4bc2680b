/** What a figure is drawn from, and what is shown of it. */

import { h } from './dom';

/** What plotly calls a figure, as its JSON has it. */
export interface FigureData {
  readonly data: readonly { readonly type?: string }[];
  readonly layout: Readonly<Record<string, unknown>>;
}

/** Something that is shown, and how to take it away. */
export interface ShownFigure {
  readonly element: HTMLElement;
  dispose(): void;
}

/** What needs nothing but its element. */
export function plain(element: HTMLElement): ShownFigure {
  return { element, dispose: () => element.remove() };
}

/** A text in a figure's place. */
export function said(text: string): ShownFigure {
  return plain(h('p', { class: 'cellrun-muted' }, text));
}
