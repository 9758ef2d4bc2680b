import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { RunPanel } from '../panel/run_panel';
import { h } from '../view/dom';
import { withCode } from '../view/with_code';
import { runsIcon } from './icons';

/** What is shown: the panel, and above it or in its place what has to be said. */
export interface PanelContent {
  readonly panel: RunPanel | null;
  readonly note: string | null;
}

/** The side bar's widget: what is in it is loaded when it is first shown. */
export class PanelWidget extends Widget {
  private panel: RunPanel | null = null;
  private isAsked = false;

  constructor(
    title: string,
    private readonly load: () => Promise<PanelContent>,
  ) {
    super();
    this.id = 'cellrun-panel';
    this.title.icon = runsIcon;
    this.title.caption = title;
    Object.assign(this.node.style, {
      display: 'flex',
      flexDirection: 'column',
      background: 'var(--jp-layout-color1)',
    });
  }

  override dispose(): void {
    this.panel?.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.begin();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) this.begin();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.panel?.focus();
  }

  private begin(): void {
    if (this.isAsked) return;
    this.isAsked = true;
    void this.load()
      .catch((error: unknown) => ({
        panel: null,
        note: error instanceof Error ? error.message : String(error),
      }))
      .then(loaded => this.take(loaded));
  }

  private take({ panel, note }: PanelContent): void {
    if (note !== null) this.node.append(problemNote(note));
    if (!panel) return;
    this.panel = panel;
    Object.assign(panel.element.style, { flex: '1', minHeight: '0' });
    this.node.append(panel.element);
    if (this.node.contains(document.activeElement) || document.activeElement === document.body) panel.focus();
  }
}

function problemNote(text: string): HTMLElement {
  const note = h('p', { role: 'alert' }, ...withCode(text));
  Object.assign(note.style, { margin: '12px', overflowWrap: 'anywhere', color: 'var(--jp-ui-font-color1)' });
  return note;
}
