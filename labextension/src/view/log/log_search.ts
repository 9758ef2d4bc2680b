import type { LogBuffer } from '../../data/log_buffer';
import { lineText } from '../../data/line';
import type { Context } from '../context';
import { h, setText } from '../dom';
import { fill } from '../words';

/** What a search does to the log. */
export interface LogSearchListener {
  /** Mark what matches `needle` (lower case; empty: nothing). */
  mark(needle: string): void;
  reveal(line: number): void;
  closed(): void;
}

/** Finds text in the lines of a log that are held. */
export class LogSearch {
  readonly element: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly found = h('span', { class: 'cellrun-muted cellrun-numbers', role: 'status' });
  private matches: number[] = [];
  private searchedTo = 0;
  private current: number | null = null;

  constructor(
    private readonly buffer: LogBuffer,
    private readonly context: Context,
    private readonly listener: LogSearchListener,
  ) {
    const { words } = context;
    const label = { 'aria-label': words.searchLog, placeholder: words.searchLog };
    this.input = h('input', { type: 'search', class: 'cellrun-input', ...label });
    this.input.addEventListener('input', () => this.begin());
    this.input.addEventListener('keydown', event => this.key(event));
    const button = (text: string, title: string, act: () => void): HTMLElement =>
      h(
        'button',
        { type: 'button', class: 'cellrun-link', title, 'aria-label': title, on: { click: act } },
        text,
      );
    this.element = h(
      'div',
      { class: 'cellrun-log-search', role: 'search', hidden: true },
      this.input,
      this.found,
      button('↑', words.previous, () => this.step(-1)),
      button('↓', words.next, () => this.step(1)),
      button('✕', words.close, () => this.close()),
    );
  }

  open(): void {
    this.element.hidden = false;
    this.input.focus();
    this.input.select();
    this.begin();
  }

  /** Look through lines that came since. */
  update(): void {
    if (this.element.hidden || this.needle === '') return;
    this.matches = this.matches.filter(line => line >= this.buffer.first);
    this.scan(Math.max(this.searchedTo - 1, this.buffer.first));
    this.say();
  }

  close(): void {
    this.element.hidden = true;
    this.listener.mark('');
    this.listener.closed();
  }

  private get needle(): string {
    return this.input.value.toLowerCase();
  }

  private begin(): void {
    this.matches = [];
    this.current = null;
    if (this.needle !== '') this.scan(this.buffer.first);
    this.listener.mark(this.needle);
    if (this.matches.length > 0)
      this.step(-1); // the latest match is the likeliest
    else this.say();
  }

  private scan(from: number): void {
    const { needle, buffer } = this;
    for (let line = from; line < buffer.last; line++) {
      if (line === this.matches.at(-1) || !lineText(buffer.line(line)).toLowerCase().includes(needle))
        continue;
      this.matches.push(line);
    }
    this.searchedTo = buffer.last;
  }

  private step(by: number): void {
    const count = this.matches.length;
    if (count === 0) return;
    const at = this.current === null ? (by > 0 ? -1 : 0) : this.matches.indexOf(this.current);
    const to = this.matches[(at + by + count) % count];
    if (to === undefined) return;
    this.current = to;
    this.listener.reveal(to);
    this.say();
  }

  private key(event: KeyboardEvent): void {
    if (event.key === 'Enter') this.step(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private say(): void {
    const { words, format } = this.context;
    const i = this.current === null ? 0 : this.matches.indexOf(this.current) + 1;
    const text = fill(words.matches, { i: format.count(i), n: format.count(this.matches.length) });
    setText(this.found, this.needle === '' ? '' : this.matches.length === 0 ? this.nowhere : text);
  }

  /** What is said of a text that isn't there: of a long log only the end may have been looked at. */
  private get nowhere(): string {
    const { words, format } = this.context;
    const { start, first, last } = this.buffer;
    return start === 0 ? words.noMatch : fill(words.noMatchHere, { n: format.count(last - first) });
  }
}
