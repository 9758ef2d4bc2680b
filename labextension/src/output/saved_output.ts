import { Notice } from './notice';
import type { Part } from './run_output';

/** An output whose run can't be known: what was saved with the notebook, and why there is no more. */
export class SavedOutput {
  readonly element = document.createElement('div');
  private readonly notice = new Notice();

  constructor(
    private readonly still: Part | null,
    reason: string,
  ) {
    this.element.className = 'cellrun-output';
    if (still) this.element.append(still.element);
    this.element.append(this.notice.element);
    this.notice.say(reason);
  }

  dispose(): void {
    this.still?.dispose();
    this.notice.dispose();
    this.element.remove();
  }
}
