import { lineText } from '../../data/line';
import type { LogHits, LogSource } from '../../data/source';
import type { Locale } from '../locale';
import { h, setText } from '../dom';
import { fill } from '../words';

/** What a search does to the log. */
export interface LogSearchListener {
  /** Mark what matches `needle` (lower case; empty: nothing). */
  mark(needle: string): void;
  reveal(line: number): void;
  /** Show a line before those that are held, of which there are so many: its number, and the byte at which it begins. */
  revealEarlier(at: number, number: number, before: number): void;
  closed(): void;
}

/** A line that was found: by its number if it is held, else by the byte at which it begins. */
type Match = { readonly line: number } | { readonly at: number; readonly number: number };

/** So long after a key the part of the log that isn't held is looked through. */
const PAUSE_MS = 250;
const NONE: LogHits = { count: 0, lines: [], numbers: [], ends: 0 };

/** Finds text in all of a log: in the lines that are held, and before them where the source can look there. */
export class LogSearch {
  readonly element: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly found = h('span', { class: 'cellrun-muted cellrun-numbers', role: 'status' });
  private matches: number[] = [];
  private searchedTo = 0;
  private current: Match | null = null;
  /** What was found before byte `asked`; null while that isn't known. */
  private earlier: LogHits | null = NONE;
  private asked = 0;
  private isAsked = false;
  private asking = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly source: LogSource,
    private readonly locale: Locale,
    private readonly listener: LogSearchListener,
  ) {
    const { words } = locale;
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
    const { log } = this.source.state;
    this.matches = this.matches.filter(line => line >= log.first);
    if (log.start === this.asked) this.scan(Math.max(this.searchedTo - 1, log.first));
    else {
      this.matches = [];
      this.scan(log.first);
      this.askEarlier();
    }
    this.say();
  }

  close(): void {
    this.stop();
    this.element.hidden = true;
    this.listener.mark('');
    this.listener.closed();
  }

  /** Ask nothing more. */
  stop(): void {
    clearTimeout(this.timer);
    this.asking.abort();
  }

  private get needle(): string {
    return this.input.value.toLowerCase();
  }

  private begin(): void {
    this.matches = [];
    this.current = null;
    if (this.needle !== '') this.scan(this.source.state.log.first);
    this.listener.mark(this.needle);
    this.askEarlier();
    if (this.matches.length > 0)
      this.step(-1); // the latest match is the likeliest
    else this.say();
  }

  private scan(from: number): void {
    const { needle, source } = this;
    const { log } = source.state;
    for (let line = from; line < log.last; line++) {
      if (line === this.matches.at(-1) || !lineText(log.line(line)).toLowerCase().includes(needle)) continue;
      this.matches.push(line);
    }
    this.searchedTo = log.last;
  }

  /** Have the part before what is held looked through, once the reader has typed. */
  private askEarlier(): void {
    this.stop();
    const { needle, source } = this;
    this.asked = source.state.log.start;
    this.earlier = NONE;
    this.isAsked = source.searchLog !== undefined;
    if (needle === '' || this.asked === 0 || !this.isAsked) return;
    this.earlier = null;
    this.asking = new AbortController();
    this.timer = setTimeout(() => void this.lookEarlier(needle, this.asking.signal), PAUSE_MS);
  }

  private async lookEarlier(needle: string, over: AbortSignal): Promise<void> {
    const found = await this.source.searchLog?.(needle, this.asked, over).catch(() => null);
    if (over.aborted) return;
    this.isAsked = Boolean(found); // what the server couldn't look through is told like what nobody can
    this.earlier = found ?? NONE;
    if (this.current === null) this.step(-1);
    this.say();
  }

  private step(by: number): void {
    const { lines, numbers, ends } = this.earlier ?? NONE;
    const all: Match[] = [
      ...lines.map((at, i) => ({ at, number: numbers[i] ?? 0 })),
      ...this.matches.map(line => ({ line })),
    ];
    if (all.length === 0) return;
    const now = this.current;
    const at = now === null ? (by > 0 ? -1 : 0) : all.findIndex(match => isSame(match, now));
    const to = all[(at + by + all.length) % all.length];
    if (to === undefined) return;
    this.current = to;
    if ('line' in to) this.listener.reveal(to.line);
    else this.listener.revealEarlier(to.at, to.number, ends);
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
    const { current } = this;
    const { words, format } = this.locale;
    const { count, lines } = this.earlier ?? NONE;
    const n = format.count(count + this.matches.length);
    const place = (match: Match): number =>
      'line' in match
        ? count + this.matches.indexOf(match.line)
        : count - lines.length + lines.indexOf(match.at);
    const i = format.count(current === null ? 0 : place(current) + 1);
    const isNowhere = count + this.matches.length === 0;
    if (this.needle === '') setText(this.found, '');
    else if (this.earlier === null) setText(this.found, words.searching);
    else if (isNowhere)
      setText(this.found, this.coversAll ? words.noMatch : fill(words.noMatchHere, this.held));
    else
      setText(this.found, fill(this.coversAll ? words.matches : words.matchesHere, { i, n, ...this.held }));
  }

  /** Whether all of the log is looked through: else what is held alone is, and that is said. */
  private get coversAll(): boolean {
    return this.source.state.log.start === 0 || this.isAsked;
  }

  private get held(): { held: string } {
    const { first, last } = this.source.state.log;
    return { held: this.locale.format.count(last - first) };
  }
}

function isSame(one: Match, other: Match): boolean {
  return 'line' in one ? 'line' in other && one.line === other.line : 'at' in other && one.at === other.at;
}
