import { isTerminal, type Header, type Status } from '../data/protocol';
import type { PageTab, ViewActions } from './actions';
import type { Locale } from './locale';
import { h, setAttribute, setText } from './dom';
import { fill } from './words';

/** Outputs come while a run goes on: so long until they are counted again. */
const COUNT_AGAIN_MS = 15_000;

/** What the run was started with, and where to read more of it. */
export class Footer {
  readonly element: HTMLElement;
  private readonly code = h('code');
  private readonly captured = h('span', { class: 'cellrun-captured cellrun-muted cellrun-numbers' });
  private readonly children: HTMLButtonElement;
  private readonly outputs: HTMLButtonElement;
  private readonly endChildren: (() => void) | undefined;
  private ended: boolean | null = null;
  private countedAt = 0;
  private counts = 0;

  constructor(
    private readonly locale: Locale,
    private readonly actions: ViewActions = {},
  ) {
    const { words } = locale;
    const link = (tab: PageTab, text: string): HTMLButtonElement =>
      h(
        'button',
        { type: 'button', class: 'cellrun-link', on: { click: () => actions.openTab?.(tab) } },
        text,
      );
    this.children = link('children', '');
    this.children.hidden = true;
    this.outputs = link('outputs', words.outputs);
    const links = [this.children, link('code', words.code), this.outputs, link('details', words.details)];
    this.element = h('div', { class: 'cellrun-footer', hidden: true }, this.code, this.captured);
    if (!actions.openTab) return;
    this.element.append(h('span', { class: 'cellrun-links' }, ...links));
    this.endChildren = actions.followChildren?.(counts => this.sayChildren(counts));
  }

  dispose(): void {
    this.endChildren?.();
  }

  update(header: Header): void {
    setText(this.code, header.arguments);
    setAttribute(this.code, 'title', `${this.locale.words.arguments}: ${header.arguments}`);
    const captured = capturedText(header, this.locale);
    setText(this.captured, captured);
    this.captured.hidden = captured === '';
    this.element.hidden = header.arguments === '' && captured === '' && !this.actions.openTab;
    void this.count(isTerminal(header.status));
  }

  private sayChildren(counts: ReadonlyMap<Status, number>): void {
    const { words, format } = this.locale;
    const told = [...counts].map(([status, n]) => `${format.count(n)} ${words.status[status]}`);
    setText(this.children, fill(words.childRuns, { counts: told.join(' · ') }));
    this.children.hidden = counts.size === 0;
  }

  /** Say how many outputs there are: now and then while there may be more, and once when there will be none. */
  private async count(ended: boolean): Promise<void> {
    const isDue = !ended && Date.now() - this.countedAt >= COUNT_AGAIN_MS;
    if ((ended === this.ended && !isDue) || !this.actions.countOutputs) return;
    this.ended = ended;
    this.countedAt = Date.now();
    const number = ++this.counts;
    const { words, format } = this.locale;
    try {
      const count = await this.actions.countOutputs();
      if (number !== this.counts) return; // a later one is on its way
      const isKnown = count > 0 || ended; // none yet says nothing of those to come
      setText(this.outputs, isKnown ? fill(words.outputsCount, { n: format.count(count) }) : words.outputs);
    } catch {
      // The link stays without a number; what it opens says what is wrong.
    }
  }
}

/** What was captured with a cell; empty if nothing was. */
function capturedText({ captured }: Header, { words, format }: Locale): string {
  if (!captured || (captured.names === 0 && captured.bytes === 0)) return '';
  const { names, bytes } = captured;
  const texts = [words.capturedBytes, words.capturedOne];
  return fill(texts[names] ?? words.captured, { n: format.count(names), size: format.bytes(bytes) });
}
