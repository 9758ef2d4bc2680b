import { isTerminal } from '../data/protocol';
import { fill } from '../i18n/fill';
import type { RunKey } from '../server/api';
import { h, setAttribute, setText } from '../view/dom';
import type { Locale } from '../view/locale';
import { clock } from '../view/format';
import { setName } from '../view/name';
import { statusIcon } from '../view/status_icon';
import type { CellRun } from './cell_match';
import type { BadgeWords } from './words';

/** What badges say, in a language. */
export interface BadgeLocale extends Locale {
  readonly badge: BadgeWords;
}

/** The state of a cell's run, at the cell's upper right; a click opens the run. */
export class Badge {
  readonly element: HTMLButtonElement;
  private readonly icon = h('span', { class: 'cellrun-badge-icon' });
  private readonly name = h('span', { class: 'cellrun-badge-name', 'aria-hidden': 'true' });
  /** For those who don't see the icon; the name again, for its parts would be two words. */
  private readonly word = h('span', { class: 'cellrun-badge-word' });
  private readonly elapsed = h('span', { class: 'cellrun-badge-time', 'aria-hidden': 'true' });
  private readonly changed = h('span', { class: 'cellrun-badge-changed' });
  private timer: ReturnType<typeof setInterval> | undefined;
  private shown: CellRun | null = null;

  constructor(
    private readonly locale: BadgeLocale,
    open: (key: RunKey) => void,
  ) {
    this.element = h('button', { type: 'button', class: 'cellrun-badge' });
    // Lab hears all keys before the page does, and Enter would begin to edit the cell.
    this.element.dataset.lmSuppressShortcuts = 'true';
    this.element.append(this.icon, this.name, ' ', this.word, ' ', this.elapsed, this.changed);
    this.element.addEventListener('click', () => this.shown && open(this.shown.key));
  }

  /** Show a run, as it is now. */
  show(run: CellRun): void {
    const before = this.shown?.row.status;
    const { row, hasChanged } = run;
    this.shown = run;
    const { badge, words } = this.locale;
    this.element.dataset.status = row.status;
    if (row.status !== before) this.icon.replaceChildren(statusIcon(row.status));
    setName(this.name, row.display_name);
    setText(this.changed, hasChanged ? badge.changed : '');
    setAttribute(this.element, 'title', this.title(run));
    setText(this.word, `${row.display_name} ${words.status[row.status]}`);
    clearInterval(this.timer);
    this.tick();
    if (!isTerminal(row.status) && row.started_at !== null) this.timer = setInterval(() => this.tick(), 1000);
  }

  dispose(): void {
    clearInterval(this.timer);
    this.element.remove();
  }

  private title({ row, hasChanged }: CellRun): string {
    const { badge, words, format } = this.locale;
    const facts = [row.display_name];
    if (row.display_name !== row.name) facts.push(row.name);
    facts.push(words.status[row.status]);
    if (row.reason !== null) facts.push(row.reason);
    facts.push(fill(badge.experiment, { name: row.experiment }));
    if (row.started_at !== null)
      facts.push(fill(badge.started, { time: format.dateTime(1000 * row.started_at) }));
    const lines = [facts.join(' · ')];
    if (hasChanged) lines.push(fill(badge.changedTitle, { name: row.display_name }));
    return [...lines, badge.openTitle].join('\n');
  }

  private tick(): void {
    const startedAt = this.shown?.row.started_at ?? null;
    const isRunning = startedAt !== null && this.shown !== null && !isTerminal(this.shown.row.status);
    setText(this.elapsed, isRunning ? clock(Date.now() / 1000 - startedAt) : '');
  }
}
