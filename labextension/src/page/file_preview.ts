/** A chosen file of a run, loaded and shown by file_view.ts. */

import { fill } from '../i18n/fill';
import type { Api, RunKey } from '../server/api';
import type { RunFile } from '../server/openapi';
import { h } from '../view/dom';
import { fileView, type FileView, type FileViewPlace } from './file_view';
import { LoadedPane } from './loaded_pane';

/** Which of a run's folders. */
export type Folder = 'outputs' | 'snapshot';

/** A file, looked at; what can't be shown can be downloaded. */
export class FilePreview {
  readonly element: HTMLElement;
  private readonly head = h('div', { class: 'cellrun-preview-head' });
  private readonly body = h('div', { class: 'cellrun-preview-body' });
  private shown: FileView | null = null;

  constructor(
    private readonly api: Api,
    private readonly key: RunKey,
    private readonly folder: Folder,
    private readonly place: FileViewPlace,
  ) {
    this.element = h('div', { class: 'cellrun-preview' }, this.head, this.body);
    this.clear();
  }

  /** Show a file. */
  show(file: RunFile): void {
    const { page, format } = this.place.locale;
    const href = this.api.fileUrl(this.key, this.folder, file.name);
    this.forget();
    this.head.replaceChildren(
      h('b', { title: file.name }, file.name),
      h('span', { class: 'cellrun-muted cellrun-numbers' }, format.bytes(file.size_bytes)),
      h('span', { class: 'cellrun-space' }),
      h('a', { class: 'cellrun-link', href, download: '' }, page.download),
    );
    if (file.preview === null) this.offer(file, href);
    else if (file.size_bytes === 0) this.say(page.emptyFile);
    else this.preview(file);
  }

  private preview(file: RunFile): void {
    const pane = new LoadedPane<FileView>(
      this.place.locale.page,
      () => this.load(file),
      shown => {
        if (this.body.firstChild !== pane.element) {
          shown.dispose?.(); // another file was chosen meanwhile
          return [];
        }
        this.forget();
        this.shown = shown;
        return shown.nodes;
      },
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
    this.say(this.place.locale.page.chooseFile);
  }

  dispose(): void {
    this.forget();
    this.body.replaceChildren(); // what is still on its way finds no place
  }

  private async load(file: RunFile): Promise<FileView> {
    const answer = await this.api.preview(this.key, this.folder, file.name);
    return fileView(file, new Uint8Array(await answer.arrayBuffer()), this.place);
  }

  /** What can't be shown is a download that says its size. */
  private offer(file: RunFile, href: string): void {
    const { page, format } = this.place.locale;
    const text = fill(page.downloadSize, { size: format.bytes(file.size_bytes) });
    const link = h('a', { class: 'cellrun-button', href, download: '' }, text);
    this.body.replaceChildren(h('div', { class: 'cellrun-empty' }, h('p', {}, page.noPreview), link));
  }

  private say(text: string): void {
    this.body.replaceChildren(h('p', { class: 'cellrun-empty' }, text));
  }

  private forget(): void {
    this.shown?.dispose?.();
    this.shown = null;
  }
}
