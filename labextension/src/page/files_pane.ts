/** The tabs Outputs and Code: a list of a run's files beside the one that is chosen. */

import { fill } from '../i18n/fill';
import type { Api, RunKey } from '../server/api';
import type { Preview, RunFiles } from '../server/openapi';
import { h } from '../view/dom';
import { FileList, fileLine, skippedFiles, type FileLine } from './file_list';
import { FilePreview, type Folder } from './file_preview';
import { LoadedPane } from './loaded_pane';
import type { PageLocale } from './locale';

/** What is looked at before all files. */
export interface First {
  /** What is in no file: a cell's source, what was captured with it. */
  readonly extras: readonly Extra[];
  /** A file's name; empty for any. */
  readonly file: string;
}

/** What stands before the files, and is none: `show` draws it when it is chosen. */
export interface Extra {
  readonly name: string;
  readonly label: string;
  readonly note: string;
  show(): HTMLElement;
}

/** What a pane of files asks for and says. */
export interface FilesPaneOptions {
  readonly folder: Folder;
  /** What is looked at first. */
  first(): Promise<First>;
  /** What is said where there is nothing. */
  empty(): string;
  /** Called with the number of files. */
  counted?(count: number): void;
  /** Where frames come from (`FrameOptions`). */
  readonly frameUrl?: string | undefined;
}

/** What people look at in outputs, before the texts that programs read. */
const KINDS: readonly (readonly Preview[])[] = [
  ['image', 'svg', 'figure'],
  ['table', 'page', 'pdf'],
  ['markdown', 'latex', 'text'],
];

/** The name by which an extra is chosen: no file has an empty part in its path. */
const EXTRA = '//';

/** The files of one of a run's folders, and a look at the one that is chosen. */
export class FilesPane {
  readonly element: HTMLElement;
  private readonly pane: LoadedPane<readonly [RunFiles, First]>;
  private readonly list: FileList;
  private readonly preview: FilePreview;
  private files: RunFiles = { files: [], skipped: [] };
  private extras: readonly Extra[] = [];

  constructor(
    private readonly api: Api,
    private readonly key: RunKey,
    private readonly locale: PageLocale,
    private readonly options: FilesPaneOptions,
  ) {
    const { page } = locale;
    this.list = new FileList(page.files, name => this.show(name));
    this.preview = new FilePreview(api, key, options.folder, { locale, frameUrl: options.frameUrl });
    const load = async (): Promise<readonly [RunFiles, First]> =>
      Promise.all([api.files(key, options.folder), options.first()]);
    this.pane = new LoadedPane(page, load, ([files, first]) => this.draw(files, first));
    this.element = this.pane.element;
    this.element.classList.add('cellrun-files-pane');
  }

  /** Load the files, the first time. */
  open(): void {
    this.pane.open();
  }

  /** Count them; what was loaded is loaded again. */
  refresh(): void {
    if (this.pane.isOpen) this.pane.refresh();
    else void this.count();
  }

  /** What can't be counted is said once somebody looks. */
  private async count(): Promise<void> {
    const found = await this.api.files(this.key, this.options.folder).catch(() => null);
    if (found && !this.pane.isOpen) this.options.counted?.(found.files.length);
  }

  dispose(): void {
    this.preview.dispose();
  }

  private draw(files: RunFiles, { extras, file }: First): Node[] {
    const before = this.files.files.find(({ name }) => name === this.list.shown);
    this.files = files;
    this.extras = extras;
    this.options.counted?.(files.files.length);
    const skipped = skippedFiles(files);
    const lines = [...extras.map(extraLine), ...files.files.map(file => fileLine(file, this.locale))];
    if (lines.length === 0) return [h('p', { class: 'cellrun-empty' }, this.options.empty()), ...skipped];
    this.list.setFiles(lines);
    const isGone = !lines.some(({ name }) => name === this.list.shown);
    const now = files.files.find(({ name }) => name === this.list.shown);
    if (isGone) this.list.open(this.first(lines, file));
    else if (now && now.modified_at !== before?.modified_at) this.show(now.name);
    const side = h('div', { class: 'cellrun-files-side' }, this.bar(), this.list.element, ...skipped);
    return [side, this.preview.element];
  }

  /** What is looked at first: the cell, the script, else of the files that can be looked at the first of the first kind. */
  private first(lines: readonly FileLine[], named: string): string {
    const { files } = this.files;
    const kinds = this.options.folder === 'outputs' ? KINDS : [];
    const found =
      files.find(({ name }) => name === named) ??
      kinds
        .map(kind => files.find(({ preview }) => preview !== null && kind.includes(preview)))
        .find(Boolean) ??
      files.find(({ preview }) => preview !== null);
    return (this.extras.length > 0 ? undefined : found?.name) ?? lines[0]?.name ?? '';
  }

  private bar(): HTMLElement {
    const { page, format } = this.locale;
    const size = this.files.files.reduce((sum, file) => sum + file.size_bytes, 0);
    const { length } = this.files.files;
    const said = { n: format.count(length), size: format.bytes(size) };
    const text = fill(length === 1 ? page.fileCount : page.filesCount, said);
    const count = h('span', { class: 'cellrun-muted cellrun-numbers' }, text);
    const reload = h('button', { type: 'button', class: 'cellrun-link' }, page.reload);
    reload.addEventListener('click', () => void this.pane.reload());
    const href = this.api.archiveUrl(this.key, this.options.folder);
    const all = h('a', { class: 'cellrun-link', href, download: '' }, page.downloadAll);
    return h(
      'div',
      { class: 'cellrun-files-bar' },
      count,
      h('span', { class: 'cellrun-space' }),
      reload,
      all,
    );
  }

  private show(name: string): void {
    const extra = this.extras.find(one => EXTRA + one.name === name);
    const file = this.files.files.find(one => one.name === name);
    if (extra) this.preview.showElement(extra.label, extra.show());
    else if (file) this.preview.show(file);
    else this.preview.clear();
  }
}

function extraLine({ name, label, note }: Extra): FileLine {
  return { name: EXTRA + name, label, note, title: label };
}
