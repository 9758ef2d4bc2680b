import type { CodeCell } from '@jupyterlab/cells';
import { Badge, type BadgeLocale } from '../badge/badge';
import { runOf, type Runs } from '../badge/cell_match';
import { Notice } from '../output/notice';
import type { RunKey } from '../server/api';
import { referencesOf } from './notebook_cells';

/** What a cell's badge needs of its notebook. */
export interface BadgeHost {
  readonly runs: Runs;
  readonly locale: BadgeLocale;
  /** The notebook's path on the server's disk; null where that isn't known. */
  notebook(): string | null;
  open(key: RunKey): void;
  /** The sentence for a kernel without cellrun. */
  readonly noCellrun: string;
}

const ROOM_PX = 8;

/** The badge of one cell, there while the cell has a run; below it, what a kernel lacks. */
export class CellBadge {
  private badge: Badge | null = null;
  private notice: Notice | null = null;
  private frame = 0;
  /** What the badge's width comes from, as far as it changes: making room costs a layout of the page. */
  private width = '';
  private readonly observer = new MutationObserver(() => this.makeRoom());

  constructor(
    private readonly cell: CodeCell,
    private readonly host: BadgeHost,
  ) {
    cell.model.contentChanged.connect(this.later);
    cell.model.outputs.changed.connect(this.later);
    cell.inViewportChanged.connect(this.later);
    this.update();
    this.sayMissing();
  }

  /** Show the cell's run as it is known now. */
  update(): void {
    const { cell, host } = this;
    if (cell.isDisposed) return;
    const run = runOf(
      {
        notebook: host.notebook(),
        id: cell.model.id,
        get text() {
          return cell.model.sharedModel.getSource(); // asked for where there is a run
        },
        references: referencesOf(cell.model),
      },
      host.runs,
    );
    if (!run) {
      this.removeBadge();
      return;
    }
    const badge = this.badge ?? this.makeBadge();
    badge.show(run);
    const width = JSON.stringify([run.row.display_name, run.row.status, run.hasChanged]);
    if (width !== this.width) this.makeRoom();
    this.width = width;
  }

  /** Stand beside the toolbar of the active cell, and don't cover its code. */
  makeRoom(): void {
    const element = this.badge?.element;
    if (!element?.isConnected) return;
    const toolbar = this.cell.node.querySelector<HTMLElement>('.jp-cell-toolbar');
    const isShown = toolbar !== null && toolbar.getClientRects().length > 0;
    const room = isShown ? toolbar.offsetWidth + ROOM_PX : 0;
    element.style.setProperty('--cellrun-badge-room', `${room}px`);
    delete element.dataset.tight;
    const line = this.cell.node.querySelector('.cm-line');
    if (!line || this.cell.inputHidden) return;
    const text = document.createRange();
    text.selectNodeContents(line);
    const end = text.getBoundingClientRect().right;
    if (end + ROOM_PX > element.getBoundingClientRect().left) element.dataset.tight = '';
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    if (!this.cell.isDisposed) {
      this.cell.model.contentChanged.disconnect(this.later);
      this.cell.model.outputs.changed.disconnect(this.later);
      this.cell.inViewportChanged.disconnect(this.later);
    }
    this.removeBadge();
    this.notice?.dispose();
  }

  /** Once for all changes until the next frame: outputs come line by line. */
  private readonly later = (): void => {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      this.update();
      this.makeRoom();
      this.sayMissing();
    });
  };

  private makeBadge(): Badge {
    const { cell, host } = this;
    this.badge = new Badge(host.locale, key => host.open(key));
    cell.node.classList.add('cellrun-badge-cell');
    cell.node.append(this.badge.element);
    // Lab's toolbar of the active cell comes and goes, and a class of the cell with it.
    this.observer.observe(cell.node, { attributes: true, attributeFilter: ['class'] });
    return this.badge;
  }

  private removeBadge(): void {
    this.observer.disconnect();
    this.badge?.dispose();
    this.badge = null;
    this.width = '';
    this.cell.node.classList.remove('cellrun-badge-cell');
  }

  private sayMissing(): void {
    const isMissing = lacksCellrun(this.cell);
    if (isMissing && !this.notice) {
      this.notice = new Notice();
      this.notice.say(this.host.noCellrun);
      this.notice.element.classList.add('cellrun-badge-notice');
      this.cell.node.append(this.notice.element);
    } else if (!isMissing) {
      this.notice?.dispose();
      this.notice = null;
    }
  }
}

/** Whether a cell failed because its kernel has no cellrun. */
function lacksCellrun({ model: { outputs } }: CodeCell): boolean {
  for (let i = 0; i < outputs.length; i++) {
    const output = outputs.get(i).toJSON();
    if (output.output_type !== 'error' || output.ename !== 'ModuleNotFoundError') continue;
    if (
      typeof output.evalue === 'string' &&
      /^No module named 'cellrun(\.(core|magics|widgets))?'/.test(output.evalue)
    )
      return true;
  }
  return false;
}
