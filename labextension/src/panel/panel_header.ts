import { COMPARED } from '../actions/run_actions';
import { fill } from '../i18n/fill';
import type { Workspace } from '../server/openapi';
import { h, setAttribute, setText } from '../view/dom';
import type { PanelLocale } from './locale';
import { hasNamesake } from './panel_workspaces';

/** What the header's parts do. */
export interface HeaderListener {
  compare(): void;
  more(at: DOMRect): void;
  choose(workspace: string): void;
}

/** The panel's title, the workspace where there are several, Compare, and what else can be done. */
export class PanelHeader {
  readonly element: HTMLElement;
  private readonly workspace: HTMLSelectElement;
  private readonly compare: HTMLButtonElement;
  private shown = '';

  /** `canCompare`: the page has a place for it. */
  constructor(
    private readonly locale: PanelLocale,
    listener: HeaderListener,
    canCompare: boolean,
  ) {
    const { words } = locale;
    this.workspace = h('select', { class: 'cellrun-workspace', hidden: true, 'aria-label': words.workspace });
    this.workspace.addEventListener('change', () => {
      this.sayFolder();
      listener.choose(this.workspace.value);
    });
    const compare = { click: () => listener.compare() };
    this.compare = h('button', { type: 'button', class: 'cellrun-button', on: compare });
    this.compare.hidden = !canCompare;
    const more: HTMLButtonElement = h(
      'button',
      {
        type: 'button',
        class: 'cellrun-button',
        'aria-haspopup': 'menu',
        'aria-label': words.more,
        title: words.more,
        on: { click: () => listener.more(more.getBoundingClientRect()) },
      },
      '⋯',
    );
    const space = h('span', { class: 'cellrun-space' });
    const title = h('h2', { class: 'cellrun-panel-title' }, words.runs);
    this.element = h(
      'div',
      { class: 'cellrun-panel-header' },
      title,
      this.workspace,
      space,
      this.compare,
      more,
    );
    this.showSelected(0);
  }

  showSelected(n: number): void {
    const { words } = this.locale;
    const enough = n >= COMPARED.least && n <= COMPARED.most;
    setText(this.compare, n < COMPARED.least ? words.compareNone : fill(words.compare, { n: String(n) }));
    this.compare.disabled = !enough;
    setAttribute(this.compare, 'title', enough ? null : words.compareHow);
  }

  showWorkspaces(workspaces: readonly Workspace[], chosen: string): void {
    const shown = JSON.stringify(workspaces.map(({ id, name }) => [id, name]));
    if (shown !== this.shown) {
      this.shown = shown;
      this.workspace.replaceChildren(...this.optionsFor(workspaces));
    }
    this.workspace.value = chosen;
    this.sayFolder();
    this.workspace.hidden = workspaces.length < 2;
  }

  /** By name, those of one name with their folders; new ones come last: in a list that is open, places are what counts. */
  private optionsFor(workspaces: readonly Workspace[]): HTMLOptionElement[] {
    const places = [...this.workspace.options].map(({ value }) => value);
    const place = ({ id }: Workspace): number => (places.includes(id) ? places.indexOf(id) : places.length);
    const text = ({ name, folder }: Workspace): string =>
      hasNamesake(name, workspaces) ? `${name} · ${folder}` : name;
    return [...workspaces]
      .sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name))
      .map(one => h('option', { value: one.id, title: one.folder }, text(one)));
  }

  private sayFolder(): void {
    setAttribute(this.workspace, 'title', this.workspace.selectedOptions[0]?.title ?? null);
  }
}
