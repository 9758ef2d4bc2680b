import { MimeModel, type IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { fill } from '../i18n/fill';
import { MIME_TYPE, MIME_VERSION, readReference } from '../output/reference';
import { RunOutput, type Part, type Surroundings } from '../output/run_output';
import { SavedOutput } from '../output/saved_output';

/** What ipywidgets puts into an output: it is no still, and without its kernel no more than an error. */
const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json';

/** An output of JupyterLab that shows a run, in whatever document it is. */
export class RenderedRun extends Widget implements IRenderMime.IRenderer {
  private model: IRenderMime.IMimeModel | null = null;
  private output: RunOutput | SavedOutput | null = null;

  constructor(
    private readonly around: Surroundings,
    private readonly rendermime: IRenderMimeRegistry,
  ) {
    super();
  }

  /** Show what the model says. The same run again, as when its still is saved, leaves its view alone. */
  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.model = model;
    const reference = readReference(model.data[MIME_TYPE]);
    const key = reference.kind === 'run' ? reference.key : null;
    if (key && this.output instanceof RunOutput && isSame(key, this.output.key)) this.output.saved();
    else {
      this.output?.dispose();
      this.output = key
        ? new RunOutput(key, this.around, () => this.still())
        : new SavedOutput(this.still(), this.refusal(reference));
      this.node.append(this.output.element);
    }
    return Promise.resolve();
  }

  override dispose(): void {
    this.output?.dispose();
    this.output = null;
    super.dispose();
  }

  private refusal(reference: ReturnType<typeof readReference>): string {
    const { words } = this.around;
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

function isSame(one: RunOutput['key'], other: RunOutput['key']): boolean {
  return one.workspace === other.workspace && one.run === other.run;
}
