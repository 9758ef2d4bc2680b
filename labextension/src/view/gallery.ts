import type { RunImage, RunState } from '../data/run_state';
import type { ViewActions } from './actions';
import type { Locale } from './locale';
import { h } from './dom';
import { ImageCard } from './image_card';

/** A run's images, and the pages it displayed: a card for each name. */
export class Gallery {
  readonly element = h('div', { class: 'cellrun-grid' });
  private readonly cards = new Map<string, ImageCard>();

  constructor(
    private readonly state: RunState,
    private readonly locale: Locale,
    private readonly actions: ViewActions,
  ) {}

  draw(): void {
    const byName = new Map<string, RunImage[]>();
    for (const image of this.state.images.values()) {
      const images = byName.get(image.name) ?? [];
      images.push(image);
      byName.set(image.name, images);
    }
    for (const [name, images] of byName) this.card(name).update(images);
    for (const [name, card] of this.cards) {
      if (byName.has(name)) continue;
      card.dispose();
      this.cards.delete(name);
    }
  }

  dispose(): void {
    for (const card of this.cards.values()) card.dispose();
  }

  private card(name: string): ImageCard {
    let card = this.cards.get(name);
    if (!card) {
      card = new ImageCard(name, this.locale, this.actions);
      this.cards.set(name, card);
      this.element.append(card.element);
    }
    return card;
  }
}
