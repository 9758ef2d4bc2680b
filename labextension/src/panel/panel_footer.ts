import { fill } from '../i18n/fill';
import type { Connection } from '../server/connection';
import { h, setAttribute, setText } from '../view/dom';
import { statusIcon } from '../view/status_icon';
import type { PanelLocale } from './locale';
import { BOUND, type RunList } from './run_list';

/** What a footer needs of the connection. */
export type FooterConnection = Pick<Connection, 'state' | 'retryAt' | 'retry'>;

/** How many runs there are, and whether what is shown is what is. */
export class PanelFooter {
  readonly element: HTMLElement;
  private readonly icon = h(
    'span',
    { class: 'cellrun-state', 'data-status': 'Running' },
    statusIcon('Running'),
  );
  private readonly running = h('span', { class: 'cellrun-state', 'data-status': 'Running' });
  private readonly others = {
    queued: h('span', {}),
    completed: h('span', {}),
    failed: h('span', { class: 'cellrun-state', 'data-status': 'Failed' }),
    canceled: h('span', {}),
    damaged: h('span', { class: 'cellrun-state', 'data-status': 'Damaged' }),
  };
  private readonly shown = h('span', {});
  private readonly state = h('span', { role: 'status' });
  private readonly wait = h('span', { class: 'cellrun-numbers', 'aria-hidden': 'true' });
  private readonly retry: HTMLButtonElement;

  constructor(
    private readonly locale: PanelLocale,
    private readonly list: RunList,
    private readonly connection: FooterConnection,
  ) {
    const retry = { click: () => connection.retry() };
    this.retry = h('button', {
      type: 'button',
      class: 'cellrun-link',
      hidden: true,
      on: { click: retry.click },
    });
    setText(this.retry, locale.words.retry);
    const running = h('span', { class: 'cellrun-panel-running' }, this.icon, this.running);
    const counts = h(
      'span',
      { class: 'cellrun-panel-counts cellrun-numbers' },
      running,
      ...Object.values(this.others),
      this.shown,
    );
    const live = h('span', { class: 'cellrun-panel-live' }, this.state, this.wait, this.retry);
    this.element = h('div', { class: 'cellrun-panel-footer cellrun-muted' }, counts, live);
  }

  draw(isFiltered: boolean): void {
    const { words, format } = this.locale;
    const { rows, total } = this.list;
    const count = rows.count();
    // What the server said first may have changed since; once all rows are there, they are what there is.
    const all = this.list.isLoaded && !this.list.isBounded ? rows.size : Math.max(total ?? 0, rows.size);
    const say = (text: string, n: number): string => fill(text, { n: format.count(n) });
    setText(this.running, say(words.counts.running, count.running));
    this.icon.hidden = count.running === 0;
    setAttribute(this.running, 'data-status', count.running > 0 ? 'Running' : null);
    for (const name of ['queued', 'completed', 'failed', 'canceled', 'damaged'] as const)
      setText(this.others[name], count[name] > 0 ? say(words.counts[name], count[name]) : '');
    const filtered = { shown: format.count(rows.shown), total: format.count(all) };
    const bounded = { n: format.count(BOUND), total: format.count(all) };
    if (isFiltered) setText(this.shown, fill(words.shown, filtered));
    else setText(this.shown, this.list.isBounded ? fill(words.bounded, bounded) : '');
    setAttribute(this.shown, 'title', this.shown.textContent);
    this.tick();
  }

  /** Say how the connection is; while it is lost, the seconds until the next try. */
  tick(): void {
    const { words } = this.locale;
    const { state, retryAt } = this.connection;
    const isLost = state === 'retrying';
    this.retry.hidden = !isLost;
    const [before = '', after = ''] = words.retrying.split('{n}');
    // A reader hears of the loss once, not each second.
    const word = isLost ? before.trim() : state === 'open' ? words.live : words.connecting;
    setText(this.state, word);
    setAttribute(this.element, 'data-state', state);
    const seconds = Math.max(0, Math.ceil(((retryAt ?? 0) - Date.now()) / 1000));
    setText(this.wait, isLost ? `${seconds}${after}` : '');
  }
}
