import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Widget } from '@lumino/widgets';
import type { BadgeWords } from '../badge/words';
import { fill } from '../i18n/fill';
import type { RunKey } from '../server/api';
import type { RunDetails } from '../server/openapi';
import { h } from '../view/dom';
import { cellsOf } from './notebook_cells';
import { ServerPaths } from './server_paths';
import type { IRunServer } from './tokens';

/** Goes to the cell that a run came from: `{workspace, run}`. */
const JUMP_TO_CELL = 'cellrun:jump-to-cell';

/** Add the command that goes to the cell of a run: open, in its notebook, or else says where it was and what ran. */
export function jumpCommand(
  app: JupyterFrontEnd,
  server: IRunServer,
  notebooks: INotebookTracker,
  words: BadgeWords,
): void {
  app.commands.addCommand(JUMP_TO_CELL, {
    label: words.jumpToCell,
    execute: async args => {
      const { workspace, run } = args as unknown as RunKey;
      const details = await server.api.run({ workspace, run });
      const problem = await jump(app, server, notebooks, details, words);
      if (problem !== null) await tell(problem, details, words);
    },
  });
}

/** Go to the cell of a run. Returns why that can't be, in words; null if it was done. */
async function jump(
  app: JupyterFrontEnd,
  server: IRunServer,
  notebooks: INotebookTracker,
  { row, record }: RunDetails,
  words: BadgeWords,
): Promise<string | null> {
  const name = row.display_name;
  const source = sourceOf(record);
  if (!row.cell) return fill(words.noCellWhy, { name });
  const notebook = row.cell.notebook ?? '';
  const path = (await ServerPaths.of(server)).local(notebook);
  const open = cellsOf(notebooks, row);
  const own = open.find(({ panel }) => path !== null && localPath(app, panel) === path);
  if (own) return await goTo(app, own.panel, own.index);
  const isThere = path !== null && (await isFile(app, path));
  if (!isThere && open[0]) return await goTo(app, open[0].panel, open[0].index); // it was renamed, or moved
  if (path === null) return fill(words.notebookElsewhere, { name, notebook });
  if (!isThere) return fill(words.notebookGone, { name, notebook: path });
  const panel = (await app.commands.execute('docmanager:open', { path })) as NotebookPanel;
  await panel.context.ready;
  await panel.revealed;
  const { widgets } = panel.content;
  const byId = widgets.findIndex(cell => cell.model.id === row.cell?.id);
  const bySource = widgets.findIndex(cell => cell.model.sharedModel.getSource() === source);
  const index = byId >= 0 ? byId : bySource;
  return index < 0 ? fill(words.cellGone, { name, notebook: path }) : await goTo(app, panel, index);
}

function localPath({ serviceManager: { contents } }: JupyterFrontEnd, panel: NotebookPanel): string {
  return contents.localPath(panel.context.path);
}

async function isFile({ serviceManager: { contents } }: JupyterFrontEnd, path: string): Promise<boolean> {
  return await contents.get(path, { content: false }).then(
    () => true,
    () => false,
  );
}

async function goTo(app: JupyterFrontEnd, panel: NotebookPanel, index: number): Promise<null> {
  const { content } = panel;
  app.shell.activateById(panel.id);
  content.deselectAll();
  content.activeCellIndex = index;
  content.mode = 'command';
  await content.scrollToItem(index, 'center');
  content.widgets[index]?.node.focus();
  return null;
}

/** Say why there is no cell to go to, and what ran. */
async function tell(problem: string, { row, record }: RunDetails, words: BadgeWords): Promise<void> {
  const source = sourceOf(record);
  const node = h('div', { class: 'cellrun-jump' }, h('p', {}, problem));
  if (source !== '') {
    const code = h('pre', { tabindex: 0 }, source);
    Object.assign(code.style, { maxHeight: '50vh', overflow: 'auto', userSelect: 'text' });
    node.append(code);
  }
  const title = row.cell ? fill(words.whatRan, { name: row.display_name }) : words.noCell;
  await showDialog({
    title,
    body: new Widget({ node }),
    buttons: [Dialog.okButton({ label: words.close })],
  });
}

function sourceOf(record: RunDetails['record']): string {
  const { source } = (record.cell ?? {}) as { source?: unknown };
  return typeof source === 'string' ? source : '';
}
