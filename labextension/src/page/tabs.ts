import { h, setAttribute } from '../view/dom';

/** One of several parts, of which one is shown. */
export interface Tab<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly panel: HTMLElement;
}

let made = 0;

/** Tabs as screen readers know them: arrows, Home and End move, and what has the focus is shown. */
export class Tabs<Id extends string> {
  /** The row of tabs; the panels are the caller's to place. */
  readonly element: HTMLElement;
  private readonly buttons = new Map<Id, HTMLButtonElement>();
  private current: Id | null = null;

  /** `opened` is called with each tab that is shown. */
  constructor(
    label: string,
    private readonly tabs: readonly Tab<Id>[],
    private readonly opened: (id: Id) => void,
  ) {
    const name = `cellrun-tabs-${made++}`;
    for (const { id, label: text, panel } of tabs) {
      const ids = { id: `${name}-${id}`, 'aria-controls': `${name}-${id}-panel` };
      const click = (): void => this.open(id);
      const button = h(
        'button',
        { type: 'button', role: 'tab', class: 'cellrun-tab', ...ids, on: { click } },
        text,
      );
      panel.id = ids['aria-controls'];
      panel.setAttribute('role', 'tabpanel');
      panel.setAttribute('aria-labelledby', ids.id);
      this.buttons.set(id, button);
    }
    this.element = h(
      'div',
      { role: 'tablist', class: 'cellrun-tabs', 'aria-label': label },
      ...this.buttons.values(),
    );
    this.element.addEventListener('keydown', event => this.key(event));
  }

  /** Which tab is shown; null before the first. */
  get shown(): Id | null {
    return this.current;
  }

  /** Show a tab. */
  open(id: Id): void {
    if (id === this.current) return;
    this.current = id;
    for (const { id: other, panel } of this.tabs) {
      const button = this.buttons.get(other);
      const selected = other === id;
      panel.hidden = !selected;
      if (!button) continue;
      setAttribute(button, 'aria-selected', String(selected));
      button.tabIndex = selected ? 0 : -1;
    }
    this.opened(id);
  }

  /** Offer a tab, or no longer; what is shown stays. */
  offer(id: Id, isOffered: boolean): void {
    const button = this.buttons.get(id);
    if (button) button.hidden = !isOffered;
  }

  /** Write something beside a tab's name. */
  label(id: Id, text: string): void {
    const button = this.buttons.get(id);
    if (button && button.textContent !== text) button.textContent = text;
  }

  private key(event: KeyboardEvent): void {
    const offered = this.tabs.filter(({ id }) => this.buttons.get(id)?.hidden !== true);
    const at = offered.findIndex(({ id }) => id === this.current);
    const last = offered.length - 1;
    const to = new Map([
      ['ArrowLeft', at === 0 ? last : at - 1],
      ['ArrowRight', at === last ? 0 : at + 1],
      ['Home', 0],
      ['End', last],
    ]).get(event.key);
    const tab = offered[to ?? -1];
    if (!tab) return;
    event.preventDefault();
    this.open(tab.id);
    this.buttons.get(tab.id)?.focus();
  }
}
