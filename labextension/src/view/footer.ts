import { isTerminal, type Header } from '../data/protocol';
import type { PageTab, ViewActions } from './actions';
import type { Context } from './context';
import { h, setAttribute, setText } from './dom';
import { fill } from './words';

/** What the run was started with, and where to read more of it. */
export class Footer {
  readonly element: HTMLElement;
  private readonly code = h('code');
  private readonly outputs: HTMLButtonElement;
  private countedIn: boolean | null = null;

  constructor(
    private readonly context: Context,
    private readonly actions: ViewActions = {},
  ) {
    const { words } = context;
    const link = (tab: PageTab, text: string): HTMLButtonElement =>
      h(
        'button',
        { type: 'button', class: 'cellrun-link', on: { click: () => actions.openTab?.(tab) } },
        text,
      );
    this.outputs = link('outputs', words.outputs);
    const links = [link('code', words.code), this.outputs, link('details', words.details)];
    this.element = h('div', { class: 'cellrun-footer', hidden: true }, this.code);
    if (actions.openTab) this.element.append(h('span', { class: 'cellrun-links' }, ...links));
  }

  update(header: Header): void {
    setText(this.code, header.arguments);
    setAttribute(this.code, 'title', `${this.context.words.arguments}: ${header.arguments}`);
    this.element.hidden = header.arguments === '' && !this.actions.openTab;
    void this.count(isTerminal(header.status));
  }

  /** Say how many outputs there are: as far as is known at first, and again when there will be no more. */
  private async count(ended: boolean): Promise<void> {
    if (ended === this.countedIn || !this.actions.countOutputs) return;
    this.countedIn = ended;
    const { words, format } = this.context;
    try {
      const count = await this.actions.countOutputs();
      const isKnown = count > 0 || ended; // none yet says nothing of those to come
      setText(this.outputs, isKnown ? fill(words.outputsCount, { n: format.count(count) }) : words.outputs);
    } catch {
      // The link stays without a number; what it opens says what is wrong.
    }
  }
}
