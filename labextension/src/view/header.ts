import { isTerminal, type Header } from '../data/protocol';
import type { ViewActions } from './actions';
import type { Context } from './context';
import { h, setAttribute, setText } from './dom';
import { clock } from './format';
import { statusIcon } from './status_icon';

/** After so long without an effect, Cancel can be pressed again. */
const CANCEL_PATIENCE_MS = 10_000;
/** So long after a button took another one's place it can't be pressed: the press was meant for the other. */
const SETTLE_MS = 1500;

/** Which run this is and how it goes: state, name, experiment, target, elapsed time, and what can be done. */
export class HeaderBar {
  readonly element: HTMLElement;
  private readonly state = h('span', { class: 'cellrun-state', role: 'status' });
  private readonly name = h('b', { class: 'cellrun-name' });
  private readonly experiment = h('span', { class: 'cellrun-experiment cellrun-muted' });
  private readonly target = h('span', { class: 'cellrun-chip' });
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
  private headerAt = 0;
  private isLost = false;

  constructor(
    private readonly context: Context,
    cancel: () => void,
    private readonly actions: ViewActions = {},
  ) {
    const { words } = context;
    const button = (text: string, title: string, act: () => void): HTMLButtonElement =>
      h('button', { type: 'button', class: 'cellrun-button', hidden: true, title, on: { click: act } }, text);
    this.cancel = button(words.cancel, words.cancelTitle, () => {
      cancel();
      this.cancel.disabled = true;
      clearTimeout(this.patience);
      this.patience = setTimeout(() => this.showButtons(), CANCEL_PATIENCE_MS);
    });
    this.again = button(words.again, words.againTitle, () => void this.runAgain());
    const open = button(words.open, words.openTitle, () => actions.open?.());
    open.hidden = false;
    setText(this.state, words.connecting);
    this.elapsed.setAttribute('aria-label', words.elapsed);
    const parts = [
      this.state,
      this.name,
      this.experiment,
      this.target,
      this.elapsed,
      h('span', { class: 'cellrun-space' }),
    ];
    this.element = h('div', { class: 'cellrun-header' }, ...parts, this.cancel);
    if (actions.again) this.element.append(this.again);
    if (actions.open) this.element.append(open);
    this.timer = setInterval(() => this.tick(), 1000);
  }

  /** Show a header that came at `headerAt` (epoch milliseconds). `isLost`: it's the last one. */
  update(header: Header, headerAt: number, isLost: boolean): void {
    const before = this.header;
    if (header === before && isLost === this.isLost) return;
    this.header = header;
    this.headerAt = headerAt;
    this.isLost = isLost;
    if (header.status !== before?.status) {
      const word = h('span', {}, this.context.words.status[header.status]);
      this.state.replaceChildren(statusIcon(header.status), word);
      this.state.dataset.status = header.status;
    }
    for (const [element, text] of [
      [this.name, header.name],
      [this.experiment, header.experiment],
      [this.target, [header.target, header.resources].filter(Boolean).join(' · ')],
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
    const hadCancel = !this.cancel.hidden;
    const before = this.cancel.textContent;
    this.cancel.hidden = this.isLost || !header.cancelable || ended;
    const isStopping = header.status === 'CancelRequested';
    setText(this.cancel, this.context.words[isStopping ? 'cancelNow' : 'cancel']);
    setAttribute(this.cancel, 'title', this.context.words[isStopping ? 'cancelNowTitle' : 'cancelTitle']);
    this.cancel.disabled = false;
    this.again.hidden = !ended || header.interactive;
    if (hadCancel && !this.cancel.hidden && this.cancel.textContent !== before) this.settle(this.cancel);
    if (hadCancel && !this.again.hidden) this.settle(this.again);
  }

  private settle(button: HTMLButtonElement): void {
    button.disabled = true;
    setTimeout(() => {
      button.disabled = false;
    }, SETTLE_MS);
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
