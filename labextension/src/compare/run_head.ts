import { isTerminal } from '../data/protocol';
import { fill } from '../i18n/fill';
import type { Row } from '../server/openapi';
import type { Locale } from '../view/locale';
import { colourClass, PALETTE } from '../view/charts/curve';
import { h, setAttribute } from '../view/dom';
import { setName } from '../view/name';
import { statusIcon } from '../view/status_icon';
import type { CompareWords } from './words';

/** What can be done with the run of a column. */
export interface ColumnActions {
  open?: (() => void) | undefined;
  remove(): void;
}

/** The head of a run's column: its colour, its name, its state. */
export class RunHead {
  readonly element: HTMLTableCellElement;
  private readonly dot = h('span', { 'aria-hidden': 'true' });
  private readonly name: HTMLElement;
  private readonly remove: HTMLButtonElement;
  private readonly state = h('span', { class: 'cellrun-state' });
  private status: string | null = null;

  constructor(
    private readonly locale: Locale,
    private readonly words: CompareWords,
    actions: ColumnActions,
  ) {
    const { open } = actions;
    this.name = open
      ? h('button', {
          type: 'button',
          class: 'cellrun-link cellrun-compare-name',
          on: { click: () => open() },
        })
      : h('span', { class: 'cellrun-compare-name' });
    this.remove = h(
      'button',
      { type: 'button', class: 'cellrun-link', on: { click: () => actions.remove() } },
      '×',
    );
    const first = h('div', {}, this.dot, this.name, this.remove);
    this.element = h('th', { scope: 'col' }, first, h('div', {}, this.state));
  }

  /** Show a run, in the colour with this number. */
  update(row: Row, colour: number): void {
    const { words } = this;
    const dashed = colour >= PALETTE ? ' cellrun-compare-ring' : '';
    setAttribute(this.dot, 'class', `cellrun-compare-dot ${colourClass({ colour }, 0)}${dashed}`);
    setName(this.name, row.display_name);
    const named = row.display_name === row.name ? row.name : `${row.display_name} (${row.name})`;
    const isButton = this.name instanceof HTMLButtonElement;
    setAttribute(this.name, 'title', isButton ? fill(words.open, { name: named }) : named);
    const remove = fill(words.remove, { name: row.display_name });
    setAttribute(this.remove, 'title', remove);
    setAttribute(this.remove, 'aria-label', remove);
    if (row.status === this.status) return;
    this.status = row.status;
    this.state.dataset.status = row.status;
    this.state.dataset.live = String(!isTerminal(row.status));
    this.state.replaceChildren(statusIcon(row.status), h('span', {}, this.locale.words.status[row.status]));
  }
}
