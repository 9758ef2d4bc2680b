/** An output that names a run: shows the server's view, else its kernel's, else what was saved. */

import type { RunSources, Shared } from '../data/run_sources';
import { ServerSource } from '../data/server_source';
import type { RunSource } from '../data/source';
import type { WidgetRun, WidgetRuns } from '../data/widget_runs';
import { fill } from '../i18n/fill';
import type { RunKey } from '../server/api';
import type { ServerProblem } from '../server/problem';
import type { ServerWords } from '../server/words';
import { Notice } from './notice';

/** Something that is shown in an output, and how to take it away. */
export interface Part {
  readonly element: HTMLElement;
  dispose(): void;
}

/** The page around an output: what it brings. */
export interface OutputHost {
  readonly ready: Promise<ServerProblem | null>;
  readonly sources: RunSources;
  readonly widgets: WidgetRuns;
  readonly words: ServerWords;
  /** The live view of a source; its code may have to be loaded. */
  view(key: RunKey, source: RunSource): Promise<Part>;
}

/** An answer that takes longer is waited for with a widget or the still, if there is one. */
const SLOW_MS = 1_500;

/** How far from what is seen an output begins, in browsers that can tell. */
const NEAR = '800px';

/** What is shown: the server's live view, a kernel's, what was saved; null while that isn't known. */
type Choice = ServerSource | WidgetRun | 'still' | null;

/**
 * The output of a run: the server's live view where the server has the run; else the view of a kernel that tells of it;
 * else what was saved with the notebook, and a sentence that says what to do.
 *
 * Responsibilities: which of them is shown, and changing over without a flicker.
 */
export class RunOutput {
  readonly element = document.createElement('div');
  private readonly notice = new Notice();
  private readonly ends: (() => void)[] = [];
  private choice: Choice = null;
  private part: Part | null = null;
  private shared: Shared | null = null;
  /** Why there is no live view of the server; null while there may be one. */
  private reason: string | null = null;
  /** Why what was chosen can't be shown: its code couldn't be loaded. */
  private failure: string | null = null;
  private isSlow = false;
  private isDisposed = false;

  /** `still` makes what was saved with the notebook; null: nothing was. */
  constructor(
    readonly key: RunKey,
    private readonly host: OutputHost,
    private readonly still: () => Part | null,
  ) {
    this.element.className = 'cellrun-output';
    this.notice.wait(host.words.loading);
    this.element.append(this.notice.element);
    this.ends.push(whenSeen(this.element, () => void this.begin()));
  }

  /** What was saved changed, as when the run ended. A live view stays. */
  saved(): void {
    if (this.choice === 'still') this.put(this.still());
  }

  dispose(): void {
    this.isDisposed = true;
    for (const end of this.ends.splice(0)) end();
    this.part?.dispose();
    this.shared?.release();
    this.notice.dispose();
    this.element.remove();
  }

  private async begin(): Promise<void> {
    const slow = setTimeout(() => {
      this.isSlow = true;
      this.choose();
    }, SLOW_MS);
    const { words, widgets, sources } = this.host;
    this.ends.push(
      () => clearTimeout(slow),
      widgets.onChange(() => this.choose()),
    );
    const problem = await this.host.ready;
    if (this.isDisposed) return;
    if (problem) {
      this.giveUp(problem.message);
      return;
    }
    this.shared = sources.share(this.key);
    const { source } = this.shared;
    const look = (): void => {
      // A run that is deleted while it is shown stays in sight.
      if (source.isLost && !source.state.header) this.giveUp(fill(words.notHere, { run: this.key.run }));
      else this.choose();
    };
    this.ends.push(source.subscribe(look));
    look();
  }

  /** The server has nothing to show. */
  private giveUp(reason: string): void {
    this.reason = reason;
    this.shared?.release();
    this.shared = null;
    this.choose();
  }

  /** Show what is best of what there is now. */
  private choose(): void {
    const choice = this.best();
    if (choice !== this.choice && choice !== null) {
      this.choice = choice;
      if (choice === 'still') this.put(this.still());
      else void this.take(choice);
    }
    this.mention();
  }

  private best(): Choice {
    const { source } = this.shared ?? {};
    if (source?.state.header) return source;
    if (this.reason === null && !this.isSlow) return null;
    const widget = this.host.widgets.find(this.key);
    // A kernel's view is worth more than a still, even when its kernel is gone.
    return widget ?? (this.choice instanceof ServerSource ? null : this.choice) ?? 'still';
  }

  private async take(choice: ServerSource | WidgetRun): Promise<void> {
    let part: Part | null;
    try {
      part = await (choice instanceof ServerSource ? this.host.view(this.key, choice) : partOf(choice));
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      part = this.still();
    }
    if (this.choice === choice) this.put(part);
    else part?.dispose();
  }

  /** Put something in the place of what is shown. */
  private put(part: Part | null): void {
    if (this.isDisposed) {
      part?.dispose();
      return;
    }
    const before = this.part;
    this.part = part;
    if (part) this.element.prepend(part.element);
    before?.dispose();
    this.mention();
  }

  /** Say why there is no live view, or that it will come. */
  private mention(): void {
    const { choice, reason, failure, part } = this;
    const shown = choice instanceof ServerSource ? 'server' : choice === 'still' ? 'still' : 'widget';
    this.element.dataset.shown = choice === null ? 'nothing' : shown;
    const away = this.shared?.source.disconnected?.message;
    const why = failure ?? (choice === 'still' ? (reason ?? away ?? null) : null);
    if (why !== null || part) this.notice.say(why);
  }
}

/** A widget's view as a part. */
async function partOf(widget: WidgetRun): Promise<Part> {
  const element = document.createElement('div');
  const end = await widget.show(element);
  return {
    element,
    dispose: () => {
      end();
      element.remove();
    },
  };
}

/** Call `begin` once, when an element is about to be seen: a notebook may have hundreds. Returns how to wait no longer. */
function whenSeen(element: HTMLElement, begin: () => void): () => void {
  const near: IntersectionObserverInit & { scrollMargin: string } = { scrollMargin: NEAR }; // of the notebook's own scroll bar, not only the page's
  const observer = new IntersectionObserver(entries => {
    if (!entries.some(entry => entry.isIntersecting)) return;
    observer.disconnect();
    begin();
  }, near);
  observer.observe(element);
  return () => observer.disconnect();
}
