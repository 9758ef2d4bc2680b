import { MimeModel, type IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { fill } from '../i18n/fill';
import { MIME_TYPE, MIME_VERSION, readReference } from '../output/reference';
import type { RunKey } from '../server/api';
import { RunOutput, type Part, type OutputHost } from '../output/run_output';
import { SavedOutput } from '../output/saved_output';

/** What ipywidgets puts into an output: it is no still, and without its kernel no more than an error. */
const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json';

/** JupyterLab as the page around an output. */
export interface LabOutputHost extends OutputHost {
  /** Call `listener` when a run was submitted again from this page: with its key and its repetition's. Returns how to end that. */
  onRepeat(listener: (run: RunKey, repetition: RunKey) => void): () => void;
}

/** An output of JupyterLab that shows a run, in whatever document it is. */
export class RenderedRun extends Widget implements IRenderMime.IRenderer {
  private model: IRenderMime.IMimeModel | null = null;
  private output: RunOutput | SavedOutput | null = null;
  private readonly endRepeats: () => void;
  /** The run that the output names; its repetition may be shown. */
  private named: RunKey | null = null;

  constructor(
    private readonly host: LabOutputHost,
    private readonly rendermime: IRenderMimeRegistry,
  ) {
    super();
    this.endRepeats = host.onRepeat((run, repetition) => this.follow(run, repetition));
  }

  /** Show what the model says. The same run again, as when its still is saved, leaves its view alone. */
  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.model = model;
    const reference = readReference(model.data[MIME_TYPE]);
    const key = reference.kind === 'run' ? reference.key : null;
    if (key && this.output instanceof RunOutput && this.named && isSame(key, this.named)) this.output.saved();
    else if (key) this.put(new RunOutput(key, this.host, () => this.still()));
    else this.put(new SavedOutput(this.still(), this.refusal(reference)));
    this.named = key;
    return Promise.resolve();
  }

  /**
   * A run was submitted again: show its repetition where it was shown, as the cell's badge does.
   *
   * What is saved with the notebook stays: a still of the run that the cell itself has started.
   */
  private follow(run: RunKey, repetition: RunKey): void {
    if (!(this.output instanceof RunOutput) || !isSame(run, this.output.key)) return;
    this.put(new RunOutput(repetition, this.host, () => null));
  }

  private put(output: RunOutput | SavedOutput): void {
    this.output?.dispose();
    this.output = output;
    this.node.append(output.element);
  }

  override dispose(): void {
    this.endRepeats();
    this.output?.dispose();
    this.output = null;
    super.dispose();
  }

  private refusal(reference: ReturnType<typeof readReference>): string {
    const { words } = this.host;
    if (reference.kind !== 'newer') return words.damagedOutput;
    return fill(words.newerOutput, { output: String(reference.version), page: String(MIME_VERSION) });
  }

  /** What else the output has, by Lab's own renderer for it: sanitised if the notebook isn't trusted. */
  private still(): Part | null {
    if (!this.model) return null;
    const { data, metadata, trusted } = this.model;
    const others = Object.entries(data).filter(([type]) => type !== MIME_TYPE && type !== WIDGET_VIEW);
    const model = new MimeModel({ data: Object.fromEntries(others), metadata, trusted });
    const type = this.rendermime.preferredMimeType(model.data, trusted ? 'any' : 'ensure');
    if (type === undefined) return null;
    const renderer = this.rendermime.createRenderer(type);
    // How to see it live is said by the output itself, and better.
    void renderer.renderModel(model).then(() => renderer.node.querySelector('.cellrun-how')?.remove());
    return {
      element: renderer.node,
      dispose: () => {
        renderer.dispose();
        renderer.node.remove();
      },
    };
  }
}

function isSame(one: RunKey, other: RunKey): boolean {
  return one.workspace === other.workspace && one.run === other.run;
}
