/** What a run displayed, an image, a page or a text, as an element. */

import type { RunImage } from '../data/run_state';
import type { ViewActions } from './actions';
import type { Locale } from './locale';
import { h } from './dom';
import { enlargeable } from './enlarge';
import { Frame } from './frame';
import { DOCUMENT_MIME, metricDocument } from './metric_document';
import { PLOTLY_MIME, plotlyFigure } from './plotly_figure';

/** Something that a run displayed, in its place, and how to let go of what that needs. */
export interface Displayed {
  readonly element: HTMLElement;
  /** For what has no height before: when it has loaded, or can't be. */
  readonly loaded?: Promise<unknown>;
  dispose(): void;
}

type Bytes = Uint8Array<ArrayBuffer>;

const PICTURE = /^image\/(png|jpeg|gif|webp|bmp|svg\+xml)$/;
const PAGE = 'text/html';
const TEXT = /^text\/(html|markdown|latex)$/;
/** A page is as high as what is in it, between these. */
const HEIGHT = [32, 460] as const;

/** Whether something of this type is a page, a text, a figure or a document, which has the whole width. */
export function isPage(mime: string): boolean {
  return TEXT.test(mime) || mime === PLOTLY_MIME || mime === DOCUMENT_MIME;
}

/** Whether something of this type can be displayed. */
export function isShown(mime: string): boolean {
  return PICTURE.test(mime) || isPage(mime);
}

/** Display an image, a page or a text, of a type that is shown. */
export function displayed(image: RunImage, bytes: Bytes, actions: ViewActions, locale: Locale): Displayed {
  if (PICTURE.test(image.mime)) return picture(image, bytes, locale);
  if (image.mime === PLOTLY_MIME) return plotlyFigure(bytes, locale);
  if (image.mime === DOCUMENT_MIME) return metricDocument(bytes, locale);
  const text = new TextDecoder().decode(bytes);
  return image.mime === PAGE ? page(image, text, actions) : richText(image, text, actions);
}

/**
 * The address of a picture.
 *
 * That of an SVG has no origin, wherever it is opened: scripts in it are nobody's.
 */
export function pictureUrl(bytes: Bytes, mime: string): string {
  return mime === 'image/svg+xml'
    ? `data:${mime},${encodeURIComponent(new TextDecoder().decode(bytes))}`
    : URL.createObjectURL(new Blob([bytes], { type: mime }));
}

function picture({ path, mime }: RunImage, bytes: Bytes, { words }: Locale): Displayed {
  const src = pictureUrl(bytes, mime);
  // Decoded with the frame that shows it: else a large one is blank in its first.
  const img = h('img', { src, alt: path, title: path, decoding: 'sync' });
  const loaded = new Promise(done => (img.onload = img.onerror = done));
  return { element: enlargeable(img, words), loaded, dispose: () => URL.revokeObjectURL(src) };
}

function page({ path }: RunImage, text: string, { frameUrl }: ViewActions): Displayed {
  return new Frame(text, { title: path, height: HEIGHT, url: frameUrl });
}

/** As the text that it is, until it is drawn; or for good, where nothing draws it or its nesting is too deep to. */
function richText(image: RunImage, text: string, actions: ViewActions): Displayed {
  const element = h('div', {}, h('pre', { class: 'cellrun-plain' }, text));
  let isOver = false;
  let frame: Displayed | null = null;
  actions.toHtml?.(image.mime, text).then(
    html => {
      if (isOver) return;
      frame = page(image, html, actions);
      element.replaceChildren(frame.element);
    },
    () => undefined, // the text stays
  );
  const dispose = (): void => {
    isOver = true;
    frame?.dispose();
  };
  return { element, dispose };
}
