import type { Header } from '../data/protocol';
import type { Context } from './context';
import { h, setAttribute, setText } from './dom';

/** What the run was started with. */
export class Footer {
  readonly element: HTMLElement;
  private readonly code = h('code');

  constructor(private readonly context: Context) {
    this.element = h('div', { class: 'cellrun-footer', hidden: true }, this.code);
  }

  update(header: Header): void {
    setText(this.code, header.arguments);
    setAttribute(this.code, 'title', `${this.context.words.arguments}: ${header.arguments}`);
    this.element.hidden = header.arguments === '';
  }
}
