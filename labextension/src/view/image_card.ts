import type { RunImage } from '../data/run_state';
import type { Context } from './context';
import { h, setAttribute, setText } from './dom';
import { enlargeable } from './enlarge';
import { PLOTLY_MIME, plotlyFigure } from './plotly_figure';
import type { ShownFigure } from './shown_figure';
import { fill } from './words';

/** Kinds of images that are pictures and nothing else; an SVG could carry more. */
const PICTURES: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/bmp',
]);

/** The images logged under one name: the latest, and a way back to those before. */
export class ImageCard {
  readonly element: HTMLElement;
  private readonly picture = h('img');
  private readonly frame: HTMLButtonElement;
  private readonly note = h('p', { class: 'cellrun-muted' });
  private readonly position = h('span', { class: 'cellrun-numbers' });
  private readonly steps: HTMLElement;
  private images: readonly RunImage[] = [];
  /** Which of them is shown; null for the latest, whichever that is. */
  private chosen: number | null = null;
  private shown: RunImage | null = null;
  private url = '';
  private figure: ShownFigure | null = null;

  constructor(
    name: string,
    private readonly context: Context,
  ) {
    const { words } = context;
    const step = (by: number, label: string, sign: string): HTMLElement =>
      h(
        'button',
        {
          type: 'button',
          class: 'cellrun-link',
          'aria-label': label,
          title: label,
          on: {
            click: () => this.step(by),
          },
        },
        sign,
      );
    this.steps = h('span', {}, step(-1, words.previous, '‹'), this.position, step(1, words.next, '›'));
    this.frame = enlargeable(this.picture, words);
    const title = h('div', { class: 'cellrun-card-title' }, h('b', { title: name }, name), this.steps);
    this.element = h('div', { class: 'cellrun-card cellrun-image' }, title, this.frame, this.note);
  }

  update(images: readonly RunImage[]): void {
    this.images = images;
    this.draw();
  }

  dispose(): void {
    this.figure?.dispose();
    URL.revokeObjectURL(this.url);
    this.element.remove();
  }

  private step(by: number): void {
    const last = this.images.length - 1;
    const to = Math.min(Math.max((this.chosen ?? last) + by, 0), last);
    this.chosen = to === last ? null : to;
    this.draw();
  }

  private draw(): void {
    const last = this.images.length - 1;
    const at = Math.min(this.chosen ?? last, last);
    const image = this.images[at];
    this.steps.hidden = last < 1;
    setText(this.position, `${this.context.format.count(at + 1)}/${this.context.format.count(last + 1)}`);
    if (image && (image.path !== this.shown?.path || image.data !== this.shown.data)) this.show(image);
  }

  private show(image: RunImage): void {
    this.shown = image;
    URL.revokeObjectURL(this.url);
    this.figure?.dispose();
    this.figure = image.data && image.mime === PLOTLY_MIME ? plotlyFigure(image.data, this.context) : null;
    if (this.figure) this.element.append(this.figure.element);
    setAttribute(this.element, 'data-wide', this.figure && '');
    const visible = image.data !== null && PICTURES.has(image.mime);
    this.url = visible ? URL.createObjectURL(new Blob([image.data.slice()], { type: image.mime })) : '';
    this.frame.hidden = !visible;
    this.note.hidden = visible || this.figure !== null;
    if (visible) this.picture.src = this.url;
    setAttribute(this.picture, 'alt', image.path);
    setAttribute(this.picture, 'title', image.path);
    const { words, format } = this.context;
    setText(this.note, fill(words.imageNotHere, { path: image.path, size: format.bytes(image.sizeBytes) }));
  }
}
