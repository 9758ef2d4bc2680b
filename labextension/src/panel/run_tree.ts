import type { MenuPlace } from '../actions/menu';
import type { Row } from '../server/openapi';
import { setAttribute } from '../view/dom';
import type { PanelLocale } from './locale';
import { TreeRow } from './tree_row';
import type { RunRows } from './run_rows';
import { Selection } from './selection';
import type { TreeListener } from './tree_listener';
import { pressed } from './tree_keys';
import { VirtualList } from './virtual_list';

/** The runs as a grid that one line after another is walked through: by pointer, by keyboard, by a screen reader. */
export class RunTree {
  readonly element: HTMLElement;
  readonly list: VirtualList;
  readonly selection: Selection;

  constructor(
    readonly rows: RunRows,
    readonly listener: TreeListener,
    locale: PanelLocale,
  ) {
    this.selection = new Selection(rows);
    const source = {
      get count() {
        return rows.lines.length;
      },
      keyAt: (index: number) => rows.lines[index]?.key,
      indexOf: (key: string) => rows.indexOf(key),
    };
    const makeSlot = (): TreeRow => new TreeRow(rows, this.selection, locale);
    this.list = new VirtualList(source, makeSlot, () => this.pointReader());
    this.element = this.list.element;
    for (const [name, value] of Object.entries({
      role: 'treegrid',
      tabindex: '0',
      'aria-label': locale.words.runs,
      'aria-multiselectable': 'true',
      'aria-readonly': 'true',
    }))
      this.element.setAttribute(name, value);
    this.element.addEventListener('keydown', event => pressed(event, this));
    this.element.addEventListener('focus', () => this.focused());
    this.element.addEventListener('mousedown', event => this.pointed(event));
    this.element.addEventListener('click', event => this.clicked(event));
    this.element.addEventListener('dblclick', event => this.opened(event));
    this.element.addEventListener('contextmenu', event => this.asked(event));
  }

  /** The selected runs, in the order of the lines. */
  get selected(): readonly Row[] {
    const rows = [...this.selection.runs].map(id => this.rows.get(id)).filter(row => row !== undefined);
    return rows.sort((a, b) => this.rows.indexOf(a.id) - this.rows.indexOf(b.id));
  }

  /** Draw the lines as they are now. */
  update(): void {
    const before = this.lastActive;
    // What isn't seen isn't selected: nobody deletes what a filter hides.
    this.selection.keep(id => this.rows.indexOf(id) >= 0, before);
    this.list.update();
  }

  /** Draw again what is in sight: the time goes on. */
  redraw(): void {
    this.list.draw();
  }

  dispose(): void {
    this.list.dispose();
  }

  /** After the selection or the active line changed: show it, and tell. */
  moved(): void {
    if (this.selection.activeIndex >= 0) this.list.reveal(this.selection.activeIndex);
    this.listener.selected();
  }

  /** Open the menu of the active line: of its runs, or of its group's metrics. */
  openMenu(at: MenuPlace): void {
    const line = this.selection.activeLine;
    if (line?.kind === 'group') this.listener.chooseMetric(line.group, at);
    else if (line) {
      if (!this.selection.runs.has(line.key)) this.selection.choose(this.selection.activeIndex);
      this.moved();
      this.listener.menu(at);
    }
  }

  /** Where the active line is on the screen. */
  get activePlace(): DOMRect {
    const shown = this.list.elementOf(this.selection.activeIndex) ?? this.element;
    return shown.getBoundingClientRect();
  }

  private lastActive = 0;
  private isPointed = false;

  /** Tell a screen reader how long the list is, and where in it the keyboard is. */
  private pointReader(): void {
    const index = this.selection.activeIndex;
    if (index >= 0) this.lastActive = index;
    setAttribute(this.element, 'aria-rowcount', String(this.rows.lines.length));
    setAttribute(this.element, 'aria-activedescendant', this.list.elementOf(index)?.id ?? null);
  }

  /** Whoever comes by keyboard is shown where it is; a pointer comes to what it sees. */
  private focused(): void {
    if (this.selection.activeIndex < 0) this.selection.move(0);
    else if (!this.isPointed) this.list.reveal(this.selection.activeIndex);
    this.list.draw();
  }

  /** Shift and a click select lines, not text; the focus stays with the list, also where a name is clicked. */
  private pointed(event: MouseEvent): void {
    const isName = (event.target as Element).closest('a') !== null; // it can take the focus
    if (event.shiftKey || event.detail > 1 || isName) event.preventDefault();
    this.isPointed = true;
    this.element.focus({ preventScroll: true });
    this.isPointed = false;
  }

  private clicked(event: MouseEvent): void {
    const target = event.target as Element;
    const index = this.list.indexOf(target);
    const line = this.rows.lines[index];
    if (!line) return;
    const button = target.closest('button');
    if (target.closest('a[href]')) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) event.preventDefault();
      else return; // a link leads where it says
    }
    if (line.kind === 'group') {
      this.selection.move(index);
      if (button) this.listener.chooseMetric(line.group, button.getBoundingClientRect());
      else this.listener.setOpen(line, !line.isOpen);
    } else if (button) {
      this.selection.move(index);
      this.listener.setOpen(line, !line.isOpen);
    } else if (event.shiftKey) this.selection.extend(index);
    else if (event.ctrlKey || event.metaKey) this.selection.toggle(index);
    else this.selection.choose(index);
    this.moved();
  }

  private opened(event: MouseEvent): void {
    const line = this.rows.lines[this.list.indexOf(event.target as Element)];
    if (line?.kind === 'run') this.listener.open(line.row);
  }

  private asked(event: MouseEvent): void {
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would open its own
    // The key that asks for a menu comes as a click at no place of the list's.
    const index = this.list.indexOf(event.target as Element);
    if (index >= 0) this.selection.move(index);
    this.openMenu(index >= 0 ? { x: event.clientX, y: event.clientY } : this.activePlace);
  }
}
