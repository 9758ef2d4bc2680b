import { fill } from '../i18n/fill';
import { h } from '../view/dom';
import type { PageWords } from './words';

/**
 * A place whose content has to be asked for: it says that it loads, and what went wrong if something did.
 *
 * What is shown stays until its successor is there.
 */
export class LoadedPane<Content> {
  readonly element = h('div', { class: 'cellrun-pane' });
  private loads = 0;
  private hasContent = false;

  /** `show` draws what came. */
  constructor(
    private readonly words: PageWords,
    private readonly load: () => Promise<Content>,
    private readonly show: (content: Content) => readonly Node[],
  ) {}

  /** Whether it was ever loaded, or is on its way. */
  get isOpen(): boolean {
    return this.loads > 0;
  }

  /** Load it, the first time. */
  open(): void {
    if (this.loads === 0) void this.reload();
  }

  /** Load it, if it was opened before. */
  refresh(): void {
    if (this.loads > 0) void this.reload();
  }

  /** Load it now. */
  async reload(): Promise<void> {
    const load = ++this.loads;
    if (!this.hasContent)
      this.element.replaceChildren(h('p', { class: 'cellrun-empty' }, this.words.loading));
    this.element.setAttribute('aria-busy', 'true');
    try {
      const content = await this.load();
      if (load !== this.loads) return; // a later one is on its way
      this.hasContent = true;
      this.element.replaceChildren(...this.show(content));
    } catch (error) {
      if (load === this.loads) this.fail(error instanceof Error ? error.message : String(error));
    }
    this.element.setAttribute('aria-busy', 'false');
  }

  private fail(why: string): void {
    this.hasContent = false;
    const again = h('button', { type: 'button', class: 'cellrun-button' }, this.words.tryAgain);
    again.addEventListener('click', () => void this.reload());
    const text = h('p', {}, fill(this.words.failed, { why }));
    this.element.replaceChildren(h('div', { class: 'cellrun-alert', role: 'alert' }, text, again));
  }
}
