import type { RunError } from '../data/protocol';
import type { Disconnected, RunSource } from '../data/source';
import type { ViewActions } from './actions';
import type { Locale } from './locale';
import { h, setAttribute } from './dom';
import { saidHere } from './said';
import { withCode } from './with_code';
import { fill } from './words';

/** So long it is said that something was copied. */
const COPIED_MS = 2_000;

/** The code that may be advised: a name is a run's own word, and IPython runs what stands in `{}`, after `$` and in further lines. */
const ADVISED = /^%load_run [\w.-]+$/;

/** What the reader should know before all else: why a run failed, then notes and trouble with the connection. */
export class Alerts {
  readonly element = h('div', { class: 'cellrun-alerts' });
  private shown = '';

  constructor(
    private readonly locale: Locale,
    private readonly actions: Pick<ViewActions, 'insertCell'> = {},
  ) {}

  /** Say what `source` knows now. */
  update(source: RunSource): void {
    const { header } = source.state;
    const error = header?.error ?? null;
    const notes = [...(header?.notes ?? []), ...this.troubles(source)];
    const { disconnected } = source;
    const now = JSON.stringify([error, notes, disconnected?.message]);
    if (now === this.shown) return;
    this.shown = now;
    const alerts: HTMLElement[] = notes.map(note =>
      h('div', { class: 'cellrun-alert', role: 'note' }, ...withCode(saidHere(note))),
    );
    if (disconnected) alerts.unshift(this.retrying(source, disconnected));
    this.element.replaceChildren(...(error ? [this.why(error)] : []), ...alerts);
  }

  /** That the connection is away for now; all that came stays. */
  private retrying(source: RunSource, { message }: Disconnected): HTMLElement {
    const retry = h('button', { type: 'button', class: 'cellrun-link' }, this.locale.words.retry);
    retry.addEventListener('click', () => source.disconnected?.retry());
    return h(
      'div',
      { class: 'cellrun-alert', data: { disconnected: '' }, role: 'status' },
      ...withCode(message),
      ' ',
      retry,
    );
  }

  /** Why a run failed: the message, then where, how it ended and what to do next. */
  private why({ message, where, exit, next }: RunError): HTMLElement {
    const advice = next === null ? null : saidHere(next);
    const facts = [where, exit].flatMap(fact => (fact ? [[saidHere(fact)]] : []));
    const reason = exit ? message : saidHere(message); // else it is the line that names the user's error
    const parts = advice === null ? facts : [...facts, withCode(advice).map(part => this.usable(part))];
    const rest = parts.flatMap((part, i) => (i === 0 ? part : [' · ', ...part]));
    return h(
      'div',
      { class: 'cellrun-alert', data: { error: '' }, role: 'alert' },
      h('b', {}, reason),
      h('div', {}, ...rest),
    );
  }

  /** A magic that is advised goes into a new cell by a click, or is copied where there are no cells. */
  private usable(part: Node | string): Node | string {
    const code = typeof part === 'string' ? null : part.textContent;
    if (!code || !ADVISED.test(code)) return part;
    const { words } = this.locale;
    const button = h(
      'button',
      { type: 'button', class: 'cellrun-link', title: words.useCode },
      h('code', {}, code),
    );
    button.addEventListener('click', () => {
      if (this.actions.insertCell?.(code, this.element)) return;
      void copied(code).then(isDone => {
        if (!isDone) getSelection()?.selectAllChildren(button);
        else {
          setAttribute(button, 'data-done', words.copied);
          setTimeout(() => setAttribute(button, 'data-done', null), COPIED_MS);
        }
      });
    });
    return button;
  }

  private troubles({ state, fedBy, problem, silentSince, isLost }: RunSource): string[] {
    const { words, format } = this.locale;
    const troubles = problem === null ? [] : [problem];
    const byKernel = fedBy === 'kernel';
    if (isLost && byKernel) troubles.push(fill(words.lost, { id: state.header?.run_id ?? '' }));
    if (silentSince !== null)
      troubles.push(fill(byKernel ? words.silent : words.silentServer, { time: format.time(silentSince) }));
    return troubles;
  }
}

/** Put a text into the clipboard; false where the page may not. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
