/** A long list of which only the lines in sight are in the page. */

import { h } from '../view/dom';

/** Height of a line, as in the style sheet. */
export const LINE_PX = 28;

/** A line's place in the page; it shows one line after another. */
export interface Slot {
  readonly element: HTMLElement;
  draw(index: number): void;
}

/** The lines to show. A key stays with its line, wherever that moves. */
export interface LineSource {
  readonly count: number;
  keyAt(index: number): string | undefined;
  indexOf(key: string): number;
}

/**
 * A list of however many lines, of which only those in sight are in the page.
 *
 * The browser scrolls an empty box; what is seen of the lines stands still in front of it and is drawn anew at each
 * step. So a line may come a frame late, but no place is ever blank, however fast the reader scrolls.
 */
export class VirtualList {
  /** What scrolls. */
  readonly element = h('div', { class: 'cellrun-lines' });
  private readonly box = h('div', { class: 'cellrun-lines-box', role: 'presentation' });
  private readonly window = h('div', { class: 'cellrun-lines-window', role: 'presentation' });
  private readonly strip = h('div', { class: 'cellrun-lines-strip', role: 'presentation' });
  private readonly resized = new ResizeObserver(() => this.draw());
  private slots: Slot[] = [];
  /** Number of the line in the first slot. */
  private from = 0;
  /** Keys of the lines that were drawn last, from `from` on. */
  private keys: (string | undefined)[] = [];

  constructor(
    private readonly source: LineSource,
    private readonly makeSlot: () => Slot,
    private readonly drawn: () => void,
  ) {
    this.window.append(this.strip);
    this.box.append(this.window);
    this.element.append(this.box);
    this.element.addEventListener('scroll', () => this.draw(), { passive: true });
    this.resized.observe(this.element);
  }

  /** How many lines are seen whole. */
  get pageLength(): number {
    return Math.max(1, Math.floor(this.element.clientHeight / LINE_PX) - 1);
  }

  dispose(): void {
    this.resized.disconnect();
  }

  /** Show the lines as they are now; the first one in sight stays in its place, if the reader scrolled to it. */
  update(): void {
    const { scrollTop } = this.element;
    const offset = scrollTop - this.from * LINE_PX;
    this.box.style.height = `${this.source.count * LINE_PX}px`;
    if (scrollTop > 0) {
      const kept = this.keys.findIndex(key => key !== undefined && this.source.indexOf(key) >= 0);
      const index = this.source.indexOf(this.keys[kept] ?? '');
      if (index >= 0) this.scrollTo((index - kept) * LINE_PX + offset);
    }
    this.draw();
  }

  /** Bring a line into sight, by the shortest way. */
  reveal(index: number): void {
    const { scrollTop, clientHeight } = this.element;
    const top = index * LINE_PX;
    if (top < scrollTop) this.scrollTo(top);
    else if (top + LINE_PX > scrollTop + clientHeight) this.scrollTo(top + LINE_PX - clientHeight);
    this.draw();
  }

  /** The element that shows a line; null if it isn't in sight. */
  elementOf(index: number): HTMLElement | null {
    return index < 0 ? null : (this.slots[index - this.from]?.element ?? null);
  }

  /** The line that an element is part of; -1 if it is part of none. */
  indexOf(element: Element): number {
    const found = this.slots.findIndex(slot => slot.element.contains(element));
    return found < 0 ? -1 : this.from + found;
  }

  draw(): void {
    const { scrollTop, clientHeight } = this.element;
    const { count } = this.source;
    const fits = Math.ceil(clientHeight / LINE_PX) + 1;
    const from = Math.max(0, Math.min(Math.floor(scrollTop / LINE_PX), count - fits));
    const to = Math.min(count, from + fits);
    this.rotate(from, to - from);
    this.slots.forEach((slot, i) => slot.draw(from + i));
    this.keys = this.slots.map((_, i) => this.source.keyAt(from + i));
    this.window.style.height = `${Math.min(clientHeight, count * LINE_PX)}px`;
    this.strip.style.transform = `translateY(${from * LINE_PX - scrollTop}px)`;
    this.drawn();
  }

  /** Have `length` slots from line `from` on; one that goes on showing its line stays as it is. */
  private rotate(from: number, length: number): void {
    const step = from - this.from;
    this.from = from;
    if (Math.abs(step) < this.slots.length) {
      for (let i = 0; i < step; i++) this.moveSlot(true);
      for (let i = 0; i > step; i--) this.moveSlot(false);
    }
    while (this.slots.length > length) this.slots.pop()?.element.remove();
    while (this.slots.length < length) {
      const slot = this.makeSlot();
      this.slots.push(slot);
      this.strip.append(slot.element);
    }
  }

  /** Make the first slot the last, or the last the first; in the page too, where a screen reader follows it. */
  private moveSlot(forwards: boolean): void {
    const slot = forwards ? this.slots.shift() : this.slots.pop();
    if (!slot) return;
    if (forwards) {
      this.slots.push(slot);
      this.strip.append(slot.element);
    } else {
      this.slots.unshift(slot);
      this.strip.prepend(slot.element);
    }
  }

  private scrollTo(top: number): void {
    // Setting it to where it is would end a scrolling that is under way.
    if (Math.abs(this.element.scrollTop - top) >= 1) this.element.scrollTop = top;
  }
}
