import { RankLog } from '../../data/rank_log';
import type { RunSource } from '../../data/source';
import type { ViewActions } from '../actions';
import type { Locale } from '../locale';
import { h } from '../dom';
import { fill } from '../words';
import { LogPane } from './log_pane';

const FILE = 'std_log';

/** What a run prints: its log, and of a distributed one the choice of another process's. */
export class RunLog {
  private readonly choice: HTMLSelectElement;
  private pane: LogPane;
  /** The other process's log that is shown; null while the run's is. */
  private chosen: RankLog | null = null;

  constructor(
    private readonly source: RunSource,
    private readonly locale: Locale,
    private readonly actions: ViewActions = {},
  ) {
    const { whichLog } = locale.words;
    const label = { class: 'cellrun-select', 'aria-label': whichLog, title: whichLog, hidden: true };
    this.choice = h('select', { ...label, on: { change: () => this.choose(Number(this.choice.value)) } });
    this.pane = new LogPane(source, locale, actions, this.choice);
    this.offer();
  }

  get element(): HTMLElement {
    return this.pane.element;
  }

  /** Draw what the run's log holds now. */
  draw(): void {
    if (this.chosen === null) this.pane.draw();
    this.say();
  }

  /** Say where the reader is, how much there is, and what is still to come. */
  say(): void {
    this.offer();
    this.pane.say();
  }

  dispose(): void {
    this.chosen?.dispose();
    this.pane.dispose();
  }

  /** Offer the processes' logs by rank, once it is known that there are several. */
  private offer(): void {
    const ranks = this.source.readRankLog ? (this.source.state.header?.ranks ?? 0) : 0;
    if (ranks < 2 || this.choice.length === ranks) return;
    const { words } = this.locale;
    const named = Array.from({ length: ranks }, (_, rank) => {
      const file = rank === 0 ? `${FILE}.txt` : `${FILE}_${rank}.txt`;
      return h('option', { value: rank }, fill(words.rankLog, { n: String(rank), file }));
    });
    this.choice.replaceChildren(...named);
    this.choice.value = String(this.chosen?.rank ?? 0);
    this.choice.hidden = false;
  }

  private choose(rank: number): void {
    this.dispose();
    const { locale, actions, choice, pane } = this;
    this.chosen = rank === 0 ? null : new RankLog(this.source, rank, () => this.pane.draw());
    this.pane = new LogPane(this.chosen ?? this.source, locale, actions, choice, pane.element);
    choice.focus();
  }
}
