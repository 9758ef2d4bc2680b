import { isTerminal, type Header } from '../data/protocol';
import type { ViewActions } from './actions';
import type { Locale } from './locale';
import { h, setAttribute, setText } from './dom';
import { clock } from './format';
import { saidHere } from './said';
import { setName } from './name';
import { fill } from './words';
import { statusIcon } from './status_icon';

/** After so long without an effect, Cancel can be pressed again. */
const CANCEL_PATIENCE_MS = 10_000;
/** So long after Cancel has become Cancel now it can't be pressed: the press was meant for the other. */
const SETTLE_MS = 1500;

/** Which run this is and how it goes: state, name, experiment, target, elapsed time, and what can be done. */
export class HeaderBar {
  readonly element: HTMLElement;
  private readonly state = h('span', { class: 'cellrun-state', role: 'status' });
  private readonly name = h('b', { class: 'cellrun-name' });
  private readonly experiment = h('span', { class: 'cellrun-experiment cellrun-muted' });
  private readonly target = h('span', { class: 'cellrun-chip', hidden: true });
  private readonly attempt = h('span', { class: 'cellrun-chip', hidden: true });
  private readonly elapsed = h('span', {
    class: 'cellrun-elapsed cellrun-muted cellrun-numbers',
    role: 'timer',
    'aria-live': 'off',
  });
  private readonly cancel: HTMLButtonElement;
  private readonly again: HTMLButtonElement;
  private readonly timer: ReturnType<typeof setInterval>;
  private header: Header | null = null;
  private patience: ReturnType<typeof setTimeout> | undefined;
  /** Until when Cancel can't be pressed, epoch milliseconds. */
  private heldUntil = 0;
  /** Whether Cancel was pressed, and the pointer hasn't gone since. */
  private wasPressed = false;
  private headerAt = 0;
  private isLost = false;

  constructor(
    private readonly locale: Locale,
    cancel: () => void,
    private readonly actions: ViewActions = {},
  ) {
    const { words } = locale;
    const button = (text: string, title: string, act: () => void): HTMLButtonElement =>
      h('button', { type: 'button', class: 'cellrun-button', hidden: true, title, on: { click: act } }, text);
    this.cancel = button(words.cancel, words.cancelTitle, () => {
      cancel();
      this.wasPressed = true;
      this.hold(CANCEL_PATIENCE_MS);
    });
    this.again = button(words.again, words.againTitle, () => void this.runAgain());
    const open = button(words.open, words.openTitle, () => actions.open?.());
    open.hidden = false;
    setText(this.state, words.connecting);
    this.elapsed.setAttribute('aria-label', words.elapsed);
    const facts = h('span', { class: 'cellrun-header-facts' });
    facts.append(this.name, this.experiment, this.target, this.attempt);
    const space = h('span', { class: 'cellrun-space' });
    this.element = h('div', { class: 'cellrun-header' }, this.state, facts, this.elapsed, space);
    if (actions.again) this.element.append(this.again);
    this.element.append(this.cancel);
    if (actions.open) this.element.append(open);
    this.element.addEventListener('pointerleave', () => {
      this.wasPressed = false;
      this.closeGap();
    });
    this.timer = setInterval(() => this.tick(), 1000);
  }

  /** Before there is a header: say that it is on its way, or nothing once it is said elsewhere why it isn't. */
  await(isComing: boolean): void {
    setText(this.state, isComing ? this.locale.words.connecting : '');
  }

  /** Show a header that came at `headerAt` (epoch milliseconds). `isLost`: it's the last one. */
  update(header: Header, headerAt: number, isLost: boolean): void {
    const before = this.header;
    if (header === before && isLost === this.isLost) return;
    this.header = header;
    this.headerAt = headerAt;
    this.isLost = isLost;
    if (header.status !== before?.status) {
      const word = h('span', {}, this.locale.words.status[header.status]);
      this.state.replaceChildren(statusIcon(header.status), word);
      this.state.dataset.status = header.status;
    }
    setName(this.name, header.name);
    setAttribute(this.name, 'title', header.name);
    const { attempt = 1 } = header;
    for (const [element, text] of [
      [this.attempt, attempt > 1 ? fill(this.locale.words.attempt, { n: String(attempt) }) : ''],
      [this.experiment, header.experiment],
      [this.target, [header.target, saidHere(header.resources)].filter(Boolean).join(' · ')],
    ] as const) {
      setText(element, text);
      setAttribute(element, 'title', text);
      element.hidden = text === '';
    }
    this.showButtons();
    this.tick();
  }

  dispose(): void {
    clearInterval(this.timer);
    clearTimeout(this.patience);
  }

  private showButtons(): void {
    const { header } = this;
    if (!header) return;
    const ended = isTerminal(header.status);
    const isOffered = !this.isLost && header.cancelable && !ended;
    if (isOffered) this.cancel.hidden = false;
    // Its place stays empty: a press that was meant for it must not hit what would come there.
    this.cancel.style.visibility = isOffered ? '' : 'hidden';
    if (!this.wasPressed && !this.element.matches(':hover')) this.closeGap();
    const { cancel, cancelTitle, cancelNow, cancelNowTitle } = this.locale.words;
    const isStopping = header.status === 'CancelRequested';
    const [before, text] = [this.cancel.textContent, isStopping ? cancelNow : cancel];
    setText(this.cancel, text);
    setAttribute(this.cancel, 'title', isStopping ? cancelNowTitle : cancelTitle);
    if (text !== before) this.hold(SETTLE_MS);
    this.cancel.disabled = Date.now() < this.heldUntil;
    this.again.hidden = !ended || header.interactive;
  }

  /** Once no pointer is there, nothing can be meant for what was in Cancel's place. */
  private closeGap(): void {
    if (this.cancel.style.visibility === 'hidden') this.cancel.hidden = true;
  }

  private hold(milliseconds: number): void {
    this.heldUntil = Date.now() + milliseconds;
    this.cancel.disabled = true;
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.showButtons(), milliseconds);
  }

  /** One press is one run: the button waits until it is submitted. */
  private async runAgain(): Promise<void> {
    this.again.disabled = true;
    try {
      await this.actions.again?.();
    } finally {
      this.again.disabled = false;
    }
  }

  private tick(): void {
    const { header } = this;
    if (!header || this.isLost) return;
    const before =
      header.elapsed_s ?? (header.started_at === null ? null : Date.now() / 1000 - header.started_at);
    const since =
      isTerminal(header.status) || header.started_at === null ? 0 : (Date.now() - this.headerAt) / 1000;
    setText(this.elapsed, before === null ? '' : clock(before + since));
  }
}
