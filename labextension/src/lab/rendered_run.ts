import { MimeModel, type IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { fill } from '../i18n/fill';
import { MIME_TYPE, MIME_VERSION, readReference, referenceTo } from '../output/reference';
import type { RunKey } from '../server/api';
import type { Row } from '../server/openapi';
import { RunOutput, type Part, type OutputHost } from '../output/run_output';
import { SavedOutput } from '../output/saved_output';

/** What ipywidgets puts into an output: it is no still, and without its kernel no more than an error. */
const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json';

/** JupyterLab as the page around an output. */
export interface LabOutputHost extends OutputHost {
  /** Call `listener` when a run was submitted again from this page: with its key, and the run that was made in its workspace. Returns how to end that. */
  onRepeat(listener: (run: RunKey, made: Row) => void): () => void;
}

/** An output of JupyterLab that shows a run, in whatever document it is. */
export class RenderedRun extends Widget implements IRenderMime.IRenderer {
  private model: IRenderMime.IMimeModel | null = null;
  private output: RunOutput | SavedOutput | null = null;
  private readonly endRepeats: () => void;
  /** The runs that were shown here until they were submitted again, and what the output says since. */
  private readonly repeated: RunKey[] = [];
  private repetition: IRenderMime.IMimeModel['data'] = {};

  constructor(
    private readonly host: LabOutputHost,
    private readonly rendermime: IRenderMimeRegistry,
  ) {
    super();
    this.endRepeats = host.onRepeat((run, made) => this.follow(run, made));
  }

  /** Show what the model says. The same run again, as when its still is saved, leaves its view alone. */
  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.model = model;
    const reference = readReference(model.data[MIME_TYPE]);
    const key = reference.kind === 'run' ? reference.key : null;
    // A kernel that knows of no repetition may save a still of the run before: late, or at its own end.
    if (key && this.repeated.some(run => isSame(key, run))) model.setData({ data: this.repetition });
    else if (key && this.output instanceof RunOutput && isSame(key, this.output.key)) this.output.saved();
    else if (key) this.put(new RunOutput(key, this.host, () => this.still()));
    else this.put(new SavedOutput(this.still(), this.refusal(reference)));
    return Promise.resolve();
  }

  /**
   * A run was submitted again: show its repetition where it was shown, as the cell's badge does.
   *
   * The output names it too, so that a saved notebook has the run that was seen last; the still is of the one before, and goes.
   */
  private follow(run: RunKey, made: Row): void {
    if (!(this.output instanceof RunOutput) || !isSame(run, this.output.key)) return;
    const key = { workspace: run.workspace, run: made.id };
    this.repeated.push(run);
    this.repetition = {
      [MIME_TYPE]: referenceTo(key),
      'text/plain': `${made.display_name}  ${made.experiment}`,
    };
    this.put(new RunOutput(key, this.host, () => this.still()));
    this.model?.setData({ data: this.repetition });
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
