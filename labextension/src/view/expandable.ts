import type { Locale } from './locale';
import { fill } from '../i18n/fill';
import { h, setText } from './dom';

/**
 * As much of an element as there is room for, all of it at a wish.
 *
 * It doesn't scroll: a wheel turned over it goes on with the page around it.
 */
export class Expandable {
  readonly element: HTMLElement;
  private readonly all: HTMLButtonElement;
  private readonly observer: ResizeObserver;

  /** `changed` is called with whether all is wished for. */
  constructor(
    private readonly content: HTMLElement,
    private readonly locale: Locale,
    private readonly changed: (isAll: boolean) => void,
  ) {
    this.all = h('button', { type: 'button', class: 'cellrun-link', 'aria-expanded': 'false', hidden: true });
    this.all.addEventListener('click', () => this.show(!this.isAll));
    const bar = h('div', { class: 'cellrun-expandable-bar' }, this.all);
    this.element = h('div', { class: 'cellrun-expandable' }, content, bar);
    // What is cut off comes into sight by keyboard, or as it is searched for: then all is wanted.
    content.addEventListener('scroll', () => this.reveal(), { passive: true });
    content.addEventListener('click', event => {
      if (event.target instanceof Element && event.target.closest('.cellrun-more')) this.show(true);
    });
    // In a frame of its own: what is offered takes room, which would be one more change of size within the same.
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.look()));
    for (const part of [content, ...content.children]) this.observer.observe(part);
    this.look();
  }

  dispose(): void {
    this.observer.disconnect();
  }

  private get isAll(): boolean {
    return this.all.getAttribute('aria-expanded') === 'true';
  }

  /** Show all, and that of it which came into sight. */
  private reveal(): void {
    const { content } = this;
    if (content.scrollTop === 0) return;
    const { left, top, width, height } = content.getBoundingClientRect();
    const focused = content.contains(document.activeElement) ? document.activeElement : null;
    const inSight = focused ?? document.elementFromPoint(left + width / 2, top + height / 2);
    this.show(true);
    if (inSight && content.contains(inSight)) inSight.scrollIntoView({ block: 'center' });
  }

  private show(isAll: boolean): void {
    if (isAll === this.isAll || (isAll && this.all.hidden)) return;
    this.all.setAttribute('aria-expanded', String(isAll));
    this.changed(isAll);
    this.content.scrollTop = 0;
    this.look();
    // It stood at the end of all of it, which is far below now.
    if (!isAll) this.element.scrollIntoView({ block: 'nearest' });
  }

  /** How many charts, tables and pictures have no room at all. */
  private hiddenCards(): number {
    const { bottom } = this.content.getBoundingClientRect();
    const cards = [...this.content.querySelectorAll('.cellrun-card')];
    return cards.filter(card => card.getBoundingClientRect().top >= bottom).length;
  }

  /** Offer all of it where some has no room. */
  private look(): void {
    const { scrollHeight, clientHeight } = this.content;
    this.all.hidden = !this.isAll && scrollHeight <= clientHeight + 1;
    const { words } = this.locale;
    const more = this.hiddenCards();
    const offer = more > 0 ? `${fill(words.showMore, { n: String(more) })} ▾` : words.showAll;
    setText(this.all, this.isAll ? words.showLess : offer);
  }
}
