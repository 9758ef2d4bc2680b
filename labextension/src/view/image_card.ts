import type { RunImage } from '../data/run_state';
import type { ViewActions } from './actions';
import type { Locale } from './locale';
import { h, setText } from './dom';
import { displayed, isPage, isShown, type Displayed } from './displayed';
import { said } from './shown_figure';
import { fill } from './words';

/** What was logged or displayed under one name, images or pages: the latest, and a way back to those before. */
export class ImageCard {
  readonly element: HTMLElement;
  private readonly place = h('div');
  private readonly position = h('span', { class: 'cellrun-numbers' });
  private readonly steps: HTMLElement;
  private images: readonly RunImage[] = [];
  /** Which of them is shown; null for the latest, whichever that is. */
  private chosen: number | null = null;
  private shown: RunImage | null = null;
  /** How many were to be shown so far, and which of these is in its place. */
  private asked = 0;
  private placed = 0;
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
    this.element = h('div', { class: 'cellrun-card cellrun-image' }, title, this.place);
  }

  update(images: readonly RunImage[]): void {
    this.images = images;
    this.draw();
  }

  dispose(): void {
    this.chosen = this.asked = 0; // what still loads is let go of
    this.observer.disconnect();
    this.content?.dispose();
    this.element.remove();
  }

  private step(by: number): void {
    const last = this.images.length - 1;
    const to = Math.max((this.chosen ?? last) + by, 0);
    this.chosen = to < last ? to : null;
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
    this.asked += 1;
    this.observer.disconnect();
    this.element.toggleAttribute('data-wide', isPage(image.mime));
    if (!image.data && isShown(image.mime) && this.actions.readFile) this.observer.observe(this.element);
    else this.put(image, image.data, this.asked);
  }

  /** What is too large to come by itself is asked for when it is looked at. */
  private sighted(entries: readonly IntersectionObserverEntry[]): void {
    const { shown: image, asked } = this;
    if (!image || !entries.some(({ isIntersecting }) => isIntersecting)) return;
    this.observer.disconnect();
    this.actions.readFile?.(image.path).then(
      data => this.put(image, data, asked),
      () => this.put(image, null, asked),
    );
  }

  /**
   * Show it, or that it isn't here. What was shown stays until a picture has loaded: else the page would jump.
   *
   * If the latest come faster than they load, those are shown that have, not none.
   */
  private put(image: RunImage, data: Uint8Array | null, asked: number): void {
    const { actions, locale } = this;
    const { path, mime, sizeBytes } = image;
    const content: Displayed =
      data && isShown(mime)
        ? displayed(image, data.slice(), actions, locale)
        : said(fill(locale.words.imageNotHere, { path, size: locale.format.bytes(sizeBytes) }));
    const swap = (): void => {
      if (asked === this.asked || (this.chosen === null && asked > this.placed)) {
        this.placed = asked;
        this.content?.dispose();
        this.content = content;
        this.place.replaceChildren(content.element);
      } else content.dispose();
    };
    if (content.loaded) void content.loaded.then(swap);
    else swap();
  }
}
