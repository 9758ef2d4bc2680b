import { h, setAttribute } from '../view/dom';
import type { PanelLocale } from './locale';
import { GroupCells } from './group_cells';
import { RunCells } from './run_cells';
import type { Line, RunRows } from './run_rows';
import type { Selection } from './selection';
import type { Slot } from './virtual_list';

let made = 0;

/** A row of the grid, which shows one line after another, runs and experiments. */
export class TreeRow implements Slot {
  readonly element = h('div', { role: 'row', class: 'cellrun-line', id: `cellrun-line-${++made}` });
  private run: RunCells | null = null;
  private group: GroupCells | null = null;
  private kind: Line['kind'] | null = null;

  constructor(
    private readonly rows: RunRows,
    private readonly selection: Selection,
    private readonly locale: PanelLocale,
  ) {}

  draw(index: number): void {
    const line = this.rows.lines[index];
    if (!line) return;
    this.become(line.kind);
    if (line.kind === 'run') this.run?.draw(line);
    else this.group?.draw(line.group, line.isOpen);
    const { element } = this;
    setAttribute(element, 'aria-rowindex', String(index + 1));
    setAttribute(element, 'aria-level', line.kind === 'run' ? String(2 + line.depth) : '1');
    const hasChildren = line.kind === 'group' || line.children > 0;
    setAttribute(element, 'aria-expanded', hasChildren ? String(line.isOpen) : null);
    setAttribute(element, 'data-unmatched', line.kind === 'run' && line.isUnmatched ? '' : null);
    const isSelected = String(this.selection.runs.has(line.key));
    setAttribute(element, 'aria-selected', line.kind === 'run' ? isSelected : null);
    setAttribute(element, 'data-active', line.key === this.selection.active ? '' : null);
    setAttribute(element, 'data-key', line.key);
  }

  private become(kind: Line['kind']): void {
    if (kind === this.kind) return;
    this.kind = kind;
    this.element.dataset.kind = kind;
    const cells =
      kind === 'run'
        ? (this.run ??= new RunCells(this.locale))
        : (this.group ??= new GroupCells(this.locale));
    this.element.replaceChildren(...cells.elements);
  }
}
