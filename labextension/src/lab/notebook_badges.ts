import { CodeCell, type Cell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { KnownRuns } from '../badge/known_runs';
import { CellBadge, type BadgeHost } from './cell_badge';

/** What all notebooks' badges share. */
export type SharedHost = Omit<BadgeHost, 'notebook'> & { readonly runs: KnownRuns };

/** The badges of one notebook's cells. */
export class NotebookBadges {
  private readonly badges = new Map<Cell, CellBadge>();
  private readonly endRuns: () => void;
  private readonly observer: ResizeObserver;
  private path: string | null = null;
  private frame = 0;

  /** `pathOf`: the path on the server's disk of what is called by a contents path. */
  constructor(
    private readonly panel: NotebookPanel,
    private readonly host: SharedHost,
    private readonly pathOf: (path: string) => string | null,
  ) {
    this.endRuns = host.runs.subscribe(() => this.update());
    this.observer = new ResizeObserver(() => this.makeRoom());
    this.observer.observe(panel.content.node);
    panel.content.modelContentChanged.connect(this.arrangeSoon);
    panel.content.modelChanged.connect(this.arrangeSoon);
    panel.context.pathChanged.connect(this.rename);
    panel.disposed.connect(() => this.dispose());
    this.rename();
    this.arrange();
  }

  /** Look for runs that its cells have started. */
  find(): void {
    if (this.path !== null) void this.host.runs.find(this.path);
  }

  private readonly rename = (): void => {
    this.path = this.pathOf(this.panel.context.path);
    this.find();
    this.update();
  };

  /** A cell's widget is made after the model has told of it. */
  private readonly arrangeSoon = (): void => {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.arrange());
  };

  /** Give each code cell a badge; cells come and go. */
  private arrange(): void {
    const cells = new Set<Cell>(this.panel.content.widgets);
    for (const [cell, badge] of this.badges) {
      if (cells.has(cell)) continue;
      badge.dispose();
      this.badges.delete(cell);
    }
    const host: BadgeHost = { ...this.host, notebook: () => this.path };
    for (const cell of cells) {
      if (cell instanceof CodeCell && !this.badges.has(cell))
        this.badges.set(cell, new CellBadge(cell, host));
    }
  }

  private update(): void {
    for (const badge of this.badges.values()) badge.update();
  }

  private makeRoom(): void {
    for (const badge of this.badges.values()) badge.makeRoom();
  }

  private dispose(): void {
    cancelAnimationFrame(this.frame);
    this.endRuns();
    this.observer.disconnect();
    for (const badge of this.badges.values()) badge.dispose();
    this.badges.clear();
  }
}
