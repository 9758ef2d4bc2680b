import { LogBuffer } from '../../data/log_buffer';
import type { LogSource } from '../../data/source';
import { isTerminal } from '../../data/protocol';
import type { ViewActions } from '../actions';
import type { Locale } from '../locale';
import { h, setAttribute, setText } from '../dom';
import { errorLine } from './error_line';
import { LogLines } from './log_lines';
import { LogSearch } from './log_search';
import { fill } from '../words';

/** Of a part of the log that isn't held, so much is shown around what was found. */
const EXCERPT_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/** A part of the log before what is held: from which of its lines to which, and what its lines are counted to. */
interface Excerpt {
  readonly lines: LogLines;
  readonly from: number;
  readonly to: number;
  /** How many lines there are before number 0 of those that are held. */
  readonly before: number;
}

/** A run's log beside its charts: its lines, and below them what can be done with them. */
export class LogPane {
  private readonly lines: LogLines;
  private readonly search: LogSearch;
  private readonly empty = h('p', { class: 'cellrun-empty' });
  private readonly earlier: HTMLButtonElement;
  private readonly position: HTMLButtonElement;
  private readonly count = h('span', { class: 'cellrun-numbers' });
  private readonly searchButton: HTMLButtonElement;
  private readonly download: HTMLButtonElement;
  private readonly wrap: HTMLButtonElement;
  /** A part of the log before what is held, in the place of that. */
  private excerpt: Excerpt | null = null;
  private wanted = 0;
  private needle = '';
  /** The number after the last line that was there when the reader scrolled up. */
  private pausedAt = 0;

  constructor(
    private readonly source: LogSource,
    private readonly locale: Locale,
    private readonly actions: ViewActions,
    choice: HTMLElement,
    readonly element = h('div', { class: 'cellrun-log' }),
  ) {
    const { words } = locale;
    const button = (text: string, act: () => void): HTMLButtonElement =>
      h('button', { type: 'button', class: 'cellrun-link', on: { click: act } }, text);
    const older = (): void => source.readOlderLog();
    this.earlier = button('', older);
    this.lines = new LogLines(source.state.log, this.earlier, {
      moved: () => this.moved(),
      top: older,
    });
    this.lines.element.setAttribute('aria-label', words.log);
    this.position = button('', () => {
      this.leaveExcerpt();
      this.lines.follow();
    });
    this.searchButton = button(words.search, () => this.search.open());
    this.download = button(words.download, () => this.save());
    this.wrap = button(words.wrap, () => this.toggleWrap());
    this.wrap.setAttribute('aria-pressed', 'false');
    this.search = new LogSearch(source, locale, {
      mark: needle => {
        this.needle = needle;
        this.lines.search(needle);
        this.excerpt?.lines.search(needle);
      },
      reveal: line => {
        this.leaveExcerpt();
        this.lines.reveal(line);
      },
      revealEarlier: (...line) => void this.showExcerpt(...line),
      closed: () => this.searchButton.focus(),
    });
    const space = h('span', { class: 'cellrun-space' });
    const footer = [this.position, choice, space, this.count, this.wrap, this.searchButton, this.download];
    const body = h('div', { class: 'cellrun-log-body' }, this.lines.element, this.empty);
    this.element.replaceChildren(
      this.search.element,
      body,
      h('div', { class: 'cellrun-log-footer' }, ...footer),
    );
    this.draw();
  }

  /** Draw what the log holds now. */
  draw(): void {
    this.lines.update();
    this.search.update();
    this.say();
  }

  dispose(): void {
    this.search.stop();
    this.leaveExcerpt();
    this.lines.dispose();
  }

  /** Say where the reader is, how much there is, and what is still to come. */
  say(): void {
    const { words, format } = this.locale;
    const { log, header } = this.source.state;
    this.lines.markError(errorLine(log, header));
    const ended = header !== null && isTerminal(header.status);
    const count = log.last - log.first;
    const fresh = Math.max(0, log.last - this.pausedAt);
    const paused = !this.lines.following && !(ended && fresh === 0);
    const where = ended ? words.ended : words.following;
    const { excerpt } = this;
    if (excerpt) setText(this.position, words.excerpt);
    else setText(this.position, paused ? fill(words.paused, { n: format.count(fresh) }) : where);
    setAttribute(this.position, 'title', words.toEnd);
    setAttribute(this.position, 'data-paused', paused || excerpt ? '' : null);
    const lines = log.start > 0 ? words.lastLines : count === 1 ? words.line : words.lines;
    if (excerpt) {
      const [from, to] = [format.count(excerpt.from), format.count(excerpt.to)];
      setText(this.count, fill(words.linesOf, { from, to, n: format.count(excerpt.before + log.last) }));
    } else setText(this.count, fill(lines, { n: format.count(count) }));
    this.empty.hidden = count > 0;
    setText(this.empty, ended ? words.noLog : words.noLogYet);
    this.earlier.disabled = log.room === 0;
    setText(this.earlier, fill(words.earlier, { size: format.bytes(log.start) }));
    this.download.disabled = count === 0;
    const whole = this.actions.logUrl !== undefined;
    const size = format.bytes(whole ? log.size : log.end - log.start);
    setAttribute(this.download, 'title', fill(whole ? words.fullLogTitle : words.downloadTitle, { size }));
  }

  /** Show a line before those that are held, and what is around it. */
  private async showExcerpt(at: number, number: number, before: number): Promise<void> {
    const { source, locale } = this;
    const { log } = source.state;
    const start = Math.max(0, at - EXCERPT_BYTES / 2);
    const wanted = ++this.wanted;
    const held = log.first;
    const read = await source.readLog?.(start, Math.min(log.start, start + EXCERPT_BYTES)).catch(() => null);
    if (!read || wanted !== this.wanted) return;
    this.leaveExcerpt();
    const bytes = read.subarray(0, read.lastIndexOf(LINE_FEED) + 1 || read.length); // whole lines
    const buffer = new LogBuffer();
    buffer.apply({ start, end: start + bytes.length, size: log.size, reset: true, buffer: 0 }, bytes);
    const size = locale.format.bytes(buffer.start);
    const head = h('p', { class: 'cellrun-empty' }, fill(locale.words.earlier, { size }));
    const lines = new LogLines(buffer, head, { moved: () => undefined, top: () => undefined });
    lines.element.setAttribute('aria-label', locale.words.log);
    const above = bytes.subarray(buffer.start - start, at - start).filter(byte => byte === LINE_FEED).length;
    const from = number - above;
    this.excerpt = { lines, from: from + 1, to: from + buffer.last - buffer.first, before: before - held };
    this.lines.element.hidden = true;
    this.lines.element.after(lines.element);
    lines.element.classList.toggle('cellrun-wrap', this.wrap.getAttribute('aria-pressed') === 'true');
    lines.search(this.needle);
    lines.update();
    lines.reveal(buffer.first + above);
    this.say();
  }

  private leaveExcerpt(): void {
    this.wanted++;
    this.excerpt?.lines.dispose();
    this.excerpt?.lines.element.remove();
    this.excerpt = null;
    this.lines.element.hidden = false;
  }

  private moved(): void {
    this.pausedAt = this.source.state.log.last;
    this.say();
  }

  private toggleWrap(): void {
    const on = this.wrap.getAttribute('aria-pressed') !== 'true';
    this.wrap.setAttribute('aria-pressed', String(on));
    this.lines.wrap(on);
    this.excerpt?.lines.wrap(on);
  }

  private save(): void {
    const url = this.actions.logUrl?.(this.source.rank ?? 0);
    if (url === undefined) this.saveHeld();
    else h('a', { href: url, download: '' }).click();
  }

  private saveHeld(): void {
    const { log, header } = this.source.state;
    const rank = this.source.rank ? `_${this.source.rank}` : '';
    const bytes = log.bytes.map(piece => piece.slice());
    const url = URL.createObjectURL(new Blob(bytes, { type: 'text/plain' }));
    h('a', { href: url, download: `${header?.name ?? 'run'}${rank}.log` }).click();
    // The browser reads it after this turn of the event loop; a minute is plenty, and the copy is small.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
}
