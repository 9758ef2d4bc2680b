import type { LogBuffer } from '../../data/log_buffer';
import { h } from '../dom';
import { drawLine } from './log_line';

/** Height of a line, as in the style sheet; a wrapped one is higher, which only the scroll bar's length shows. */
const LINE_PX = 17;
/** Lines in the page at a time. */
const WINDOW = 240;
/** So close to the end counts as the end. */
const END_PX = 8;
/** So close to an edge of the lines in the page, others take their place. */
const EDGE_PX = 600;

/** What a log's lines tell the pane around them. */
export interface LogLinesListener {
  /** The reader scrolled away from the end, or back. */
  moved(): void;
  /** The reader is near the top: older lines are wanted. */
  top(): void;
}

/**
 * The lines of a log, of which only a window is in the page.
 *
 * Follows the end until the reader scrolls up. Whatever is added or let go then, the line looked at stays in its place.
 */
export class LogLines {
  readonly element = h('div', { class: 'cellrun-log-lines', role: 'log', tabindex: 0, 'aria-live': 'off' });
  private readonly above = h('div');
  private readonly window = h('div', { class: 'cellrun-log-window' });
  private readonly below = h('div');
  private readonly resized = new ResizeObserver(() => {
    if (this.isFollowing) this.toEnd();
  });
  /** Number of the first line in the page; the others follow it. */
  private from = 0;
  private lines: HTMLElement[] = [];
  private needle = '';
  private marked = -1;
  private isFollowing = true;
  private lastTop = 0;

  /** `head` stands before the first line, where that isn't the log's first. */
  constructor(
    private readonly buffer: LogBuffer,
    private readonly head: HTMLElement,
    private readonly listener: LogLinesListener,
  ) {
    this.element.append(head, this.above, this.window, this.below);
    this.element.addEventListener('scroll', this.scrolled, { passive: true });
    this.element.addEventListener('wheel', this.wheeled, { passive: true });
    this.resized.observe(this.element);
  }

  get following(): boolean {
    return this.isFollowing;
  }

  dispose(): void {
    this.resized.disconnect();
  }

  /** Go to the end and stay there. */
  follow(): void {
    this.isFollowing = true;
    this.update();
    this.listener.moved();
  }

  /** Mark what matches. `needle`: lower case. */
  search(needle: string): void {
    this.needle = needle;
    this.lines.forEach((_, i) => this.draw(i));
  }

  /** Show one line in the colour of errors; -1 for none. */
  markError(number: number): void {
    if (number === this.marked) return;
    this.marked = number;
    this.lines.forEach((_, i) => this.draw(i));
  }

  /** Wrap long lines, or don't. */
  wrap(on: boolean): void {
    this.keepPlace(() => this.element.classList.toggle('cellrun-wrap', on));
    if (this.isFollowing) this.toEnd();
  }

  /** Bring a line into the middle. */
  reveal(number: number): void {
    this.isFollowing = false;
    this.show(number - WINDOW / 2);
    const line = this.lines[number - this.from];
    if (line) this.scrollTo(line.offsetTop - this.element.clientHeight / 2);
    this.listener.moved();
  }

  /** Draw what the buffer holds now. */
  update(): void {
    this.keepPlace(() => {
      this.head.hidden = this.buffer.start === 0;
      this.show(this.isFollowing ? this.buffer.last - WINDOW : this.from);
    });
    if (this.isFollowing) this.toEnd();
  }

  /** A wheel that turns up pauses at once: the scrolling itself comes later, and going to the end would undo it. */
  private readonly wheeled = ({ deltaY }: WheelEvent): void => {
    const { scrollHeight, clientHeight } = this.element;
    if (deltaY < 0 && scrollHeight > clientHeight) this.setFollowing(false);
  };

  private readonly scrolled = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    const isAtEnd = scrollTop + clientHeight >= scrollHeight - END_PX;
    // Where it was put by `scrollTo`, it is neither above nor below the last place; where a pane that grew left it,
    // it is above, but at the end.
    if (scrollTop < this.lastTop && !isAtEnd) this.setFollowing(false);
    else if (scrollTop > this.lastTop && isAtEnd) this.setFollowing(true);
    this.lastTop = scrollTop;
    const top = this.window.offsetTop;
    const bottom = top + this.window.offsetHeight;
    if (scrollTop + clientHeight < top || scrollTop > bottom) {
      this.show(this.buffer.first + Math.floor(scrollTop / LINE_PX) - WINDOW / 2);
    } else if (scrollTop < top + EDGE_PX || scrollTop + clientHeight > bottom - EDGE_PX) {
      this.keepPlace(() => this.show(this.lineAt(scrollTop) - WINDOW / 2));
    }
    if (scrollTop < EDGE_PX) this.listener.top();
  };

  private setFollowing(following: boolean): void {
    if (following === this.isFollowing) return;
    this.isFollowing = following;
    this.listener.moved();
  }

  /** Put a window of lines into the page, from `first` on if there are as many. */
  private show(first: number): void {
    const { buffer } = this;
    const from = Math.max(buffer.first, Math.min(first, buffer.last - WINDOW));
    const to = Math.min(buffer.last, from + WINDOW);
    if (from >= this.from + this.lines.length || to <= this.from) this.clear(from);
    else this.draw(this.lines.length - 1); // it may have been written on since
    while (this.from < from) this.drop(this.lines.shift(), 1);
    while (this.from + this.lines.length > to) this.drop(this.lines.pop(), 0);
    while (this.from > from) {
      this.from--;
      this.lines.unshift(h('div'));
      this.window.prepend(this.draw(0));
    }
    while (this.from + this.lines.length < to) {
      this.lines.push(h('div'));
      this.window.append(this.draw(this.lines.length - 1));
    }
    this.above.style.height = `${(from - buffer.first) * LINE_PX}px`;
    this.below.style.height = `${(buffer.last - to) * LINE_PX}px`;
  }

  private clear(from: number): void {
    this.lines = [];
    this.window.replaceChildren();
    this.from = from;
  }

  private drop(line: HTMLElement | undefined, fromFront: 0 | 1): void {
    line?.remove();
    this.from += fromFront;
  }

  private draw(index: number): HTMLElement {
    const line = this.lines[index] ?? h('div');
    const number = this.from + index;
    drawLine(line, this.buffer.line(number), this.needle);
    line.classList.toggle('cellrun-error-line', number === this.marked);
    line.classList.toggle('cellrun-bar-line', this.buffer.isBar(number));
    return line;
  }

  private toEnd(): void {
    this.scrollTo(this.element.scrollHeight);
  }

  private scrollTo(top: number): void {
    // Setting it to where it is would end a scrolling that is under way.
    if (Math.abs(this.element.scrollTop - top) >= 1) this.element.scrollTop = top;
    this.lastTop = this.element.scrollTop;
  }

  /** Do something to the lines without moving the one that is at the top of what is seen. */
  private keepPlace(change: () => void): void {
    const { scrollTop } = this.element;
    const number = this.lineAt(scrollTop);
    const offset = (this.lines[number - this.from]?.offsetTop ?? 0) - scrollTop;
    change();
    const line = this.lines[number - this.from];
    if (line) this.scrollTo(line.offsetTop - offset);
  }

  /** The number of the line at a height. */
  private lineAt(top: number): number {
    const found = this.lines.findIndex(line => line.offsetTop + line.offsetHeight > top);
    return this.from + Math.max(0, found);
  }
}
