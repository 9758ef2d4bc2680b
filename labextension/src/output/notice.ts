import css from '../style/view.css?inline';
import { h } from '../view/dom';
import { isDark, watchTheme } from '../view/theme';
import { withCode } from '../view/with_code';

/** As high as the view of a run with one chart: what is below doesn't jump when it comes. */
const PLACE = '334px';

/** What stands where no live view does: that it is being loaded, or why there is none. */
export class Notice {
  /** Empty while there is nothing to say. */
  readonly element = h('div');
  private readonly text = h('div', { role: 'note' });
  private readonly box = h('div', { class: 'cellrun cellrun-reason' }, h('style', {}, css), this.text);
  private readonly endWatch: () => void;

  constructor() {
    this.endWatch = watchTheme(() => this.dress());
  }

  /** Keep the place of a view that will come. */
  wait(text: string): void {
    this.show('cellrun-empty', text);
    this.box.dataset.waiting = '';
    this.box.style.minHeight = PLACE;
  }

  /** Say why there is no live view; null: there is nothing to say. */
  say(text: string | null): void {
    if (text === null) this.box.remove();
    else this.show('cellrun-alert', text);
    delete this.box.dataset.waiting;
    this.box.style.minHeight = '';
  }

  dispose(): void {
    this.endWatch();
    this.element.remove();
  }

  private show(kind: string, text: string): void {
    this.text.className = kind;
    this.text.replaceChildren(...withCode(text));
    this.element.append(this.box);
    this.dress();
  }

  private dress(): void {
    this.box.dataset.theme = isDark(this.box) ? 'dark' : 'light';
  }
}
