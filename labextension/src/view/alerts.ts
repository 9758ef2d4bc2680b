import type { Header, RunError } from '../data/protocol';
import type { Disconnected, RunSource } from '../data/source';
import type { Context } from './context';
import { h } from './dom';
import { translateOfPage } from './language';
import { withCode } from './with_code';
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
    const { disconnected } = source;
    const now = JSON.stringify([error, notes, disconnected?.message]);
    if (now === this.shown) return;
    this.shown = now;
    const alerts: HTMLElement[] = notes.map(note =>
      h('div', { class: 'cellrun-alert', role: 'note' }, ...withCode(note)),
    );
    if (disconnected) alerts.unshift(this.retrying(source, disconnected));
    this.element.replaceChildren(...(header && error ? [why(error, header)] : []), ...alerts);
  }

  /** That the connection is away for now; all that came stays. */
  private retrying(source: RunSource, { message }: Disconnected): HTMLElement {
    const retry = h('button', { type: 'button', class: 'cellrun-link' }, this.context.words.retry);
    retry.addEventListener('click', () => source.disconnected?.retry());
    return h(
      'div',
      { class: 'cellrun-alert', data: { disconnected: '' }, role: 'status' },
      ...withCode(message),
      ' ',
      retry,
    );
  }

  private troubles({ state, fedBy, problem, silentSince, isLost }: RunSource): string[] {
    const { words, format } = this.context;
    const troubles = problem === null ? [] : [problem];
    const byKernel = fedBy === 'kernel';
    if (isLost && byKernel) troubles.push(fill(words.lost, { id: state.header?.run_id ?? '' }));
    if (silentSince !== null)
      troubles.push(fill(byKernel ? words.silent : words.silentServer, { time: format.time(silentSince) }));
    return troubles;
  }
}

/** Why a run failed: the message, then where, how it ended and what to do next. */
function why({ message, where, exit, next }: RunError, header: Header): HTMLElement {
  const advice = next === null ? null : translatedAdvice(next, header);
  const facts = [where, exit, advice].filter(fact => fact !== null && fact !== '');
  const rest = withCode(facts.join(' · '));
  return h(
    'div',
    { class: 'cellrun-alert', data: { error: '' }, role: 'alert' },
    h('b', {}, message),
    h('div', {}, ...rest),
  );
}

/** What to do next is one of a few sentences (core/live/next_step.py); the run's name in it is no part of a translation. */
function translatedAdvice(next: string, { experiment, number }: Header): string {
  const run = `${experiment}-${number}`;
  const sentence = next.replaceAll(`%load_run ${run}`, '%load_run {run}');
  return fill(translateOfPage()(sentence), { run });
}
