import { fill } from '../i18n/fill';
import type { Finding, Target } from '../server/openapi';
import type { Status } from '../data/protocol';
import { h, setAttribute, setText } from '../view/dom';
import { statusIcon } from '../view/status_icon';
import { withCode } from '../view/with_code';
import type { TargetLocale } from './locale';
import { findingsList } from './findings';
import { fullnessOf } from './fullness';
import type { TargetWords } from './words';

/** What a card's buttons do. Each rejects with why it couldn't be done. */
export interface CardListener {
  examine(target: Target): Promise<readonly Finding[]>;
  /** Returns whether it was done: the reader may not want to. */
  detach(target: Target): Promise<boolean>;
  trust(target: Target): void;
}

let count = 0;

/** One target: how it is, how full, and what can be done with it. */
export class TargetCard {
  readonly element: HTMLElement;
  private readonly state = h('span', { class: 'cellrun-state' });
  private readonly place = h('span', { class: 'cellrun-target-place cellrun-muted' });
  private readonly body = h('div', { class: 'cellrun-target-body' });
  /** What came of what the reader did last; it stays while lists come. */
  private readonly said = h('div', { class: 'cellrun-target-said', role: 'status' });
  private readonly name: HTMLElement;
  private readonly buttons;
  private isBusy = false;

  constructor(
    private readonly locale: TargetLocale,
    private readonly listener: CardListener,
    private target: Target,
  ) {
    const { words } = locale;
    const name = { name: target.name };
    const id = `cellrun-target-${++count}`;
    this.name = h('h3', { id, tabindex: -1 }, target.name);
    this.buttons = {
      trust: this.button(words.lookAt, fill(words.lookAtOne, name), () => listener.trust(this.target)),
      test: this.button(words.test, fill(words.testOne, name), () => void this.examine()),
      detach: this.button(words.detach, fill(words.detachOne, name), () => void this.detach()),
    };
    setAttribute(this.buttons.test, 'title', words.testHow);
    const actions = h('span', { class: 'cellrun-target-actions' }, ...Object.values(this.buttons));
    const head = h('div', { class: 'cellrun-target-head' }, this.name, this.state, this.place, actions);
    this.element = h('li', { class: 'cellrun-target', 'aria-labelledby': id }, head, this.body, this.said);
  }

  /** Put the keyboard to it. */
  focus(): void {
    this.name.focus();
  }

  /** Show how it is now. */
  draw(target: Target, mayChange: boolean): void {
    this.target = target;
    const isUsable = target.why_unusable === null;
    this.buttons.trust.hidden = !mayChange || target.others === null;
    this.buttons.test.hidden = !mayChange || !isUsable;
    this.buttons.detach.hidden = !mayChange || !target.is_attached;
    const body = this.lines();
    const [status, word] = stateOf(target, this.locale.words);
    const before = [...this.body.children];
    const isSame =
      before.length === body.length && body.every((node, i) => node.isEqualNode(before[i] ?? null));
    if (this.state.textContent !== word) {
      setAttribute(this.state, 'data-status', status);
      this.state.replaceChildren(statusIcon(status), h('span', {}, word));
    }
    const where = target.where || (target.is_attached ? '' : this.locale.words.thisMachine);
    setText(this.place, [target.kind === target.name ? '' : target.kind, where].filter(Boolean).join(' · '));
    setAttribute(this.place, 'title', this.place.textContent);
    if (!isSame) this.body.replaceChildren(...body); // what is selected stays so
  }

  /** Show what a doctor has found; the reader may put it away. */
  show(found: readonly Finding[]): void {
    const { words } = this.locale;
    const hide = h('button', { type: 'button', class: 'cellrun-link' }, words.hide);
    hide.addEventListener('click', () => {
      this.said.replaceChildren();
      this.focus();
    });
    const label = fill(words.findings, { name: this.target.name });
    const list = h('div', { role: 'group', 'aria-label': label }, ...findingsList(this.locale, found));
    list.firstElementChild?.append(hide);
    this.said.replaceChildren(list);
  }

  private lines(): HTMLElement[] {
    const { locale, target } = this;
    const { words } = locale;
    if (target.others) return [alert(fill(words.untrusted, { why: locale.said(target.others.why) }), false)];
    if (target.why_unusable !== null) return [alert(locale.said(target.why_unusable), true)];
    const heard = target.heard_at === null ? null : locale.when(target.heard_at);
    const isKnown = target.fullness !== null || target.why_not === null;
    const lines = isKnown ? [fullnessOf(locale, target.fullness)] : [];
    setAttribute(this.element, 'data-silent', target.why_not === null ? null : '');
    if (target.why_not === null) {
      const text =
        heard === null
          ? words.neverHeard
          : fill(target.is_asked ? words.heardAsked : words.heard, { when: heard });
      lines.push(h('p', { class: 'cellrun-muted' }, text));
    } else {
      lines.push(alert(this.silence(target.why_not, heard), true));
    }
    const problems = Object.entries(target.problems).map(([run, why]) =>
      alert(fill(words.unbrought, { run, why: locale.said(why) }), false),
    );
    return [...lines, ...problems];
  }

  private silence(whyNot: string, heard: string | null): string {
    const { locale, target } = this;
    const { words } = locale;
    const why = locale.said(whyNot);
    const next = target.next_try === null ? '' : fill(words.nextTry, { when: locale.when(target.next_try) });
    return [
      target.since === null || locale.isNow(target.since)
        ? fill(words.silent, { why })
        : fill(words.silentSince, { when: locale.when(target.since), why }),
      target.is_paused && next === '' ? words.paused : next,
      heard === null || target.fullness === null ? '' : fill(words.asOf, { when: heard }),
    ]
      .filter(Boolean)
      .join('\n');
  }

  private button(text: string, label: string, press: () => void): HTMLButtonElement {
    return h(
      'button',
      { type: 'button', class: 'cellrun-button', 'aria-label': label, on: { click: press } },
      text,
    );
  }

  private async examine(): Promise<void> {
    const { words } = this.locale;
    await this.busy(words.testing, words.testFailed, async () => {
      this.show(await this.listener.examine(this.target));
    });
  }

  private async detach(): Promise<void> {
    await this.busy('', this.locale.words.notDetached, () => this.listener.detach(this.target));
  }

  /** Do one thing at a time; what went wrong is said here, beside what was asked for. */
  private async busy(meanwhile: string, failed: string, what: () => Promise<unknown>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    if (meanwhile !== '') this.said.replaceChildren(h('p', { class: 'cellrun-muted' }, meanwhile));
    setAttribute(this.element, 'aria-busy', 'true');
    try {
      await what();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.said.replaceChildren(alert(fill(failed, { name: this.target.name, why }), true));
    }
    this.isBusy = false;
    setAttribute(this.element, 'aria-busy', null);
  }
}

function alert(text: string, isError: boolean): HTMLElement {
  const [first = '', ...more] = text.split('\n');
  const lines = [h('span', {}, ...withCode(first)), ...more.map(line => h('div', {}, line))];
  return h('div', { class: 'cellrun-alert', ...(isError ? { 'data-error': true } : {}) }, ...lines);
}

/** How a target is, as a shape and in a word. */
function stateOf(target: Target, { states }: TargetWords): readonly [Status, string] {
  if (target.others) return ['NotResponding', states.others];
  if (target.why_unusable !== null) return ['Failed', states.unusable];
  if (target.why_not !== null) return ['Failed', states.silent];
  return target.heard_at === null ? ['Queued', states.asked] : ['Completed', states.answers];
}
