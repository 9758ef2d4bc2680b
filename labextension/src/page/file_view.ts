/** What a file is shown as: an image, a table, code, a page … by its preview. */

import { fill } from '../i18n/fill';
import type { FileTable, RunFile } from '../server/openapi';
import { h } from '../view/dom';
import { pictureUrl } from '../view/displayed';
import { enlargeable } from '../view/enlarge';
import { Frame } from '../view/frame';
import { plotlyFigure } from '../view/plotly_figure';
import { indented } from './json_text';
import type { PageLocale } from './locale';
import { languageOfFile, sourceText } from './source_text';
import { tablePreviews } from './table_preview';

type Bytes = Uint8Array<ArrayBuffer>;

/** A file as it is looked at, and how to let go of what that needs. */
export interface FileView {
  readonly nodes: readonly Node[];
  dispose?(): void;
}

/** What the file's kind needs of the page besides its bytes. */
export interface FileViewPlace {
  readonly locale: PageLocale;
  /** Where the frames of this page come from (`FrameOptions`). */
  readonly frameUrl?: string | undefined;
}

/** Show what the server gave of a file. */
export async function fileView(file: RunFile, bytes: Bytes, place: FileViewPlace): Promise<FileView> {
  const { locale } = place;
  const text = (): string => new TextDecoder().decode(bytes);
  switch (file.preview) {
    case 'image':
      return picture(file, pictureUrl(bytes, file.mime), locale);
    case 'svg':
      return picture(file, pictureUrl(bytes, 'image/svg+xml'), locale);
    case 'pdf':
      return pdf(file, bytes, locale);
    case 'figure': {
      const figure = plotlyFigure(bytes, locale);
      const shown = h('div', { class: 'cellrun-preview-figure' }, figure.element);
      return { nodes: [shown], dispose: () => figure.dispose() };
    }
    case 'page':
      return framed(file, text(), place);
    case 'markdown':
    case 'latex': {
      const { latexPage, markdownPage } = await import('../view/markdown');
      const html = file.preview === 'latex' ? latexPage(text()) : markdownPage(text());
      const shown = framed(file, html, place);
      return { ...shown, nodes: [...cutNote(file, bytes, locale), ...shown.nodes] };
    }
    case 'table': {
      const { tables } = JSON.parse(text()) as { tables: readonly FileTable[] };
      return { nodes: tablePreviews(tables, file.name, locale) };
    }
    default: {
      const source = file.preview === 'json' ? indented(text()) : text();
      const shown = sourceText(source, file.name, languageOfFile(file.name));
      return { nodes: [...cutNote(file, bytes, locale), shown] };
    }
  }
}

function cutNote(file: RunFile, bytes: Bytes, { page, format }: PageLocale): Node[] {
  if (bytes.length >= file.size_bytes) return [];
  return [h('p', { class: 'cellrun-empty' }, fill(page.cut, { size: format.bytes(bytes.length) }))];
}

function picture(file: RunFile, src: string, { page }: PageLocale): FileView {
  const image = h('img', { class: 'cellrun-preview-image', src, alt: file.name });
  const shown = h('div', { class: 'cellrun-preview-picture' }, enlargeable(image, page));
  return { nodes: [shown], dispose: () => URL.revokeObjectURL(src) };
}

function framed(file: RunFile, page: string, { frameUrl }: FileViewPlace): FileView {
  const frame = new Frame(page, { title: file.name, url: frameUrl });
  return { nodes: [frame.element], dispose: () => frame.dispose() };
}

/** The browser's own viewer shows it, if it has one: it runs nothing of a PDF in this page. */
function pdf(file: RunFile, bytes: Bytes, { page }: PageLocale): FileView {
  const isPdf = new TextDecoder('latin1').decode(bytes.subarray(0, 1024)).includes('%PDF-');
  if (!navigator.pdfViewerEnabled || !isPdf)
    return { nodes: [h('p', { class: 'cellrun-empty' }, isPdf ? page.noPdfViewer : page.damaged)] };
  const src = URL.createObjectURL(new Blob([bytes], { type: 'application/pdf' }));
  const frame = h('iframe', { class: 'cellrun-frame', src, title: file.name });
  return { nodes: [frame], dispose: () => URL.revokeObjectURL(src) };
}
