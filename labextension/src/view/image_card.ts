import type { RunImage } from '../data/run_state';
import type { ViewActions } from './actions';
import type { Locale } from './locale';
import { h, setText } from './dom';
import { displayed, isPage, isShown, type Displayed } from './displayed';
import { fill } from './words';

/** What was logged or displayed under one name, images or pages: the latest, and a way back to those before. */
export class ImageCard {
  readonly element: HTMLElement;
  private readonly place = h('div');
  private readonly note = h('p', { class: 'cellrun-muted' });
  private readonly position = h('span', { class: 'cellrun-numbers' });
  private readonly steps: HTMLElement;
  private images: readonly RunImage[] = [];
  /** Which of them is shown; null for the latest, whichever that is. */
  private chosen: number | null = null;
  private shown: RunImage | null = null;
  private content: Displayed | null = null;
  private readonly observer = new IntersectionObserver(entries => this.sighted(entries));

  constructor(
    name: string,
    private readonly locale: Locale,
    private readonly actions: ViewActions,
  ) {
    const { words } = locale;
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
    const title = h('div', { class: 'cellrun-card-title' }, h('b', { title: name }, name), this.steps);
    this.element = h('div', { class: 'cellrun-card cellrun-image' }, title, this.place, this.note);
  }

  update(images: readonly RunImage[]): void {
    this.images = images;
    this.draw();
  }

  dispose(): void {
    this.observer.disconnect();
    this.content?.dispose();
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
    setText(this.position, `${this.locale.format.count(at + 1)}/${this.locale.format.count(last + 1)}`);
    if (image && (image.path !== this.shown?.path || image.data !== this.shown.data)) this.show(image);
  }

  private show(image: RunImage): void {
    this.shown = image;
    this.observer.disconnect();
    this.element.toggleAttribute('data-wide', isPage(image.mime));
    const { words, format } = this.locale;
    setText(this.note, fill(words.imageNotHere, { path: image.path, size: format.bytes(image.sizeBytes) }));
    const { data } = image;
    this.put(data && isShown(image.mime) ? this.made(image, data) : null);
    if (!data && isShown(image.mime) && this.actions.readFile) this.observer.observe(this.element);
  }

  /** What is too large to come by itself is asked for when it is looked at. */
  private sighted(entries: readonly IntersectionObserverEntry[]): void {
    const image = this.shown;
    if (!image || !entries.some(({ isIntersecting }) => isIntersecting)) return;
    this.observer.disconnect();
    this.actions.readFile?.(image.path).then(
      data => {
        if (this.shown === image) this.put(this.made(image, data));
      },
      () => undefined, // the note says what isn't here
    );
  }

  private made(image: RunImage, data: Uint8Array): Displayed {
    return displayed(image, data.slice(), this.actions, this.locale);
  }

  private put(content: Displayed | null): void {
    this.content?.dispose();
    this.content = content;
    this.note.hidden = content !== null;
    this.place.replaceChildren(...(content ? [content.element] : []));
  }
}
