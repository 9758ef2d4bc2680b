import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { RunPanel } from '../panel/run_panel';
import { h } from '../view/dom';
import { withCode } from '../view/with_code';
import { runsIcon } from './icons';

/** The side bar's widget: what is in it is loaded when it is first shown. */
export class PanelWidget extends Widget {
  private panel: RunPanel | null = null;
  private isAsked = false;

  /** `load`: returns the panel, or in words why there is none. */
  constructor(
    title: string,
    private readonly load: () => Promise<RunPanel | string>,
  ) {
    super();
    this.id = 'cellrun-panel';
    this.title.icon = runsIcon;
    this.title.caption = title;
    this.node.style.background = 'var(--jp-layout-color1)';
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
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
      .then(loaded => this.take(loaded));
  }

  private take(loaded: RunPanel | string): void {
    if (typeof loaded === 'string') {
      this.node.append(problemNote(loaded));
      return;
    }
    this.panel = loaded;
    this.node.append(loaded.element);
    if (this.node.contains(document.activeElement) || document.activeElement === document.body)
      loaded.focus();
  }
}

function problemNote(text: string): HTMLElement {
  const note = h('p', { role: 'alert' }, ...withCode(text));
  Object.assign(note.style, { margin: '12px', overflowWrap: 'anywhere', color: 'var(--jp-ui-font-color1)' });
  return note;
}
