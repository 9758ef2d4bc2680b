/** Cells of open notebooks: which one a run came from, which runs one shows, a new one with code. */

import type { Cell, ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { MIME_TYPE, readReference } from '../output/reference';
import type { RunKey } from '../server/api';
import type { Row } from '../server/openapi';

/** A cell in an open notebook. */
export interface OpenCell {
  readonly panel: NotebookPanel;
  readonly cell: Cell;
  readonly index: number;
}

/** The open cells that a run may have come from, by its cell's id: its own, the same in a copy or a renamed notebook. */
export function cellsOf(notebooks: INotebookTracker, { cell }: Pick<Row, 'cell'>): readonly OpenCell[] {
  const found: OpenCell[] = [];
  if (cell?.id == null) return found;
  notebooks.forEach(panel => {
    const index = panel.content.widgets.findIndex(one => one.model.id === cell.id);
    const widget = panel.content.widgets[index];
    if (widget) found.push({ panel, cell: widget, index });
  });
  // Its own notebook's first, as far as the file's name tells.
  const name = cell.notebook?.split('/').at(-1);
  return found.sort((one, other) => Number(isNamed(other, name)) - Number(isNamed(one, name)));
}

function isNamed({ panel }: OpenCell, name: string | undefined): boolean {
  return panel.context.path.split('/').at(-1) === name;
}

/** Put code into a new cell below the one that an element is in, and go there; false if it is in none. */
export function insertCell(notebooks: INotebookTracker, code: string, from: Element): boolean {
  const panel = notebooks.find(({ node }) => node.contains(from));
  const index = panel?.content.widgets.findIndex(({ node }) => node.contains(from)) ?? -1;
  if (!panel || index < 0) return false;
  panel.content.model?.sharedModel.insertCell(index + 1, { cell_type: 'code', source: code });
  panel.content.activeCellIndex = index + 1;
  panel.content.mode = 'edit';
  return true;
}

/** The runs that a code cell's outputs show. */
export function referencesOf(model: ICodeCellModel): readonly RunKey[] {
  const keys: RunKey[] = [];
  for (let i = 0; i < model.outputs.length; i++) {
    const data = model.outputs.get(i).data[MIME_TYPE];
    const reference = data === undefined ? null : readReference(data);
    if (reference?.kind === 'run') keys.push(reference.key);
  }
  return keys;
}
