import type { RunError } from '../data/protocol';
import type { RunSource } from '../data/source';
import type { Context } from './context';
import { h } from './dom';
import { fill } from './words';

/** What the reader should know before all else: why a run failed, then notes and trouble with the connection. */
export class Alerts {
  readonly element = h('div', { class: 'cellrun-alerts' });
  private shown = '';

  constructor(private readonly context: Context) {}

  /** Say what `source` knows now. */
  update(source: RunSource): void {
    const { header } = source.state;
    const error = header?.error ?? null;
    const notes = [...(header?.notes ?? []), ...this.troubles(source)];
    const now = JSON.stringify([error, notes]);
    if (now === this.shown) return;
    this.shown = now;
    const alerts = notes.map(note => h('div', { class: 'cellrun-alert', role: 'note' }, ...withCode(note)));
    this.element.replaceChildren(...(error ? [why(error)] : []), ...alerts);
  }

  private troubles({ state, problem, silentSince, isLost }: RunSource): string[] {
    const { words, format } = this.context;
    const troubles = problem === null ? [] : [problem];
    if (isLost) troubles.push(fill(words.lost, { id: state.header?.run_id ?? '' }));
    if (silentSince !== null) troubles.push(fill(words.silent, { time: format.time(silentSince) }));
    return troubles;
  }
}

/** Why a run failed: the message, then where, how it ended and what to do next. */
function why({ message, where, exit, next }: RunError): HTMLElement {
  const facts = [where, exit, next].filter(fact => fact !== null && fact !== '');
  const rest = withCode(facts.join(' · '));
  return h(
    'div',
    { class: 'cellrun-alert', data: { error: '' }, role: 'alert' },
    h('b', {}, message),
    h('div', {}, ...rest),
  );
}

/** A text in which stretches between back quotes are code. */
function withCode(text: string): (Node | string)[] {
  const parts = text.split('`');
  // An odd quote is a quote: only pairs mark code.
  if (parts.length % 2 === 0) return [text];
  return parts.map((part, i) => (i % 2 === 1 ? h('code', {}, part) : part));
}
