import { fill } from '../i18n/fill';
import type { Api, RunKey } from '../server/api';
import type { RunFile } from '../server/types';
import { h } from '../view/dom';
import { LoadedPane } from './loaded_pane';
import type { PageContext } from './page_context';
import { sourceText } from './source_text';

/** Which of a run's folders. */
export type Folder = 'outputs' | 'snapshot';

/** A file, looked at: an image or a text; what can't be shown can be downloaded. */
export class FilePreview {
  readonly element: HTMLElement;
  private readonly head = h('div', { class: 'cellrun-preview-head' });
  private readonly body = h('div', { class: 'cellrun-preview-body' });
  private url = '';

  constructor(
    private readonly api: Api,
    private readonly key: RunKey,
    private readonly folder: Folder,
    private readonly context: PageContext,
  ) {
    this.element = h('div', { class: 'cellrun-preview' }, this.head, this.body);
    this.clear();
  }

  /** Show a file. */
  show(file: RunFile): void {
    const { page, format } = this.context;
    const href = this.api.fileUrl(this.key, this.folder, file.name);
    this.forget();
    this.head.replaceChildren(
      h('b', { title: file.name }, file.name),
      h('span', { class: 'cellrun-muted cellrun-numbers' }, format.bytes(file.size_bytes)),
      h('span', { class: 'cellrun-space' }),
      h('a', { class: 'cellrun-link', href, download: '' }, page.download),
    );
    if (file.preview === null) this.say(page.noPreview);
    else if (file.size_bytes === 0) this.say(page.emptyFile);
    else this.preview(file);
  }

  private preview(file: RunFile): void {
    const pane = new LoadedPane(
      this.context.page,
      () => this.load(file),
      bytes => this.draw(file, bytes),
    );
    this.body.replaceChildren(pane.element);
    pane.open();
  }

  /** Show what is in no file. */
  showElement(name: string, element: HTMLElement): void {
    this.forget();
    this.head.replaceChildren(h('b', { title: name }, name));
    this.body.replaceChildren(element);
  }

  clear(): void {
    this.forget();
    this.head.replaceChildren();
    this.say(this.context.page.chooseFile);
  }

  dispose(): void {
    this.forget();
  }

  private async load(file: RunFile): Promise<Uint8Array<ArrayBuffer>> {
    const answer = await this.api.preview(this.key, this.folder, file.name);
    return new Uint8Array(await answer.arrayBuffer());
  }

  private draw(file: RunFile, bytes: Uint8Array<ArrayBuffer>): Node[] {
    if (file.preview === 'image') {
      this.forget();
      this.url = URL.createObjectURL(new Blob([bytes], { type: file.mime }));
      return [h('img', { class: 'cellrun-preview-image', src: this.url, alt: file.name })];
    }
    const { page, format } = this.context;
    const cut = bytes.length < file.size_bytes;
    const note = fill(page.cut, { size: format.bytes(bytes.length) });
    const text = sourceText(new TextDecoder().decode(bytes), file.name);
    return cut ? [h('p', { class: 'cellrun-empty' }, note), text] : [text];
  }

  private say(text: string): void {
    this.body.replaceChildren(h('p', { class: 'cellrun-empty' }, text));
  }

  private forget(): void {
    URL.revokeObjectURL(this.url);
    this.url = '';
  }
}
