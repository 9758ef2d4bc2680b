import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { Notice } from '../output/notice';

/**
 * A tab of the main area, which says why where there is nothing to show.
 *
 * The keyboard goes into a tab that is brought to the front: only so does JupyterLab take it for the current one, and
 * has it in front again after a reload.
 */
export class MainTab extends Widget {
  private readonly notice = new Notice();

  constructor(id: string) {
    super();
    this.id = id;
    this.title.closable = true;
    this.node.tabIndex = -1;
    this.node.style.outline = 'none';
  }

  override dispose(): void {
    this.notice.dispose();
    super.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (!this.node.contains(document.activeElement)) this.node.focus();
  }

  /** Say why there is nothing to show: an error, or a sentence. */
  protected say(why: unknown): void {
    if (this.isDisposed) return;
    this.notice.say(why instanceof Error ? why.message : String(why));
    this.node.append(this.notice.element);
  }
}
