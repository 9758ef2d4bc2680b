import { setText } from './dom';

/** What an element may say, and the room that it had last. */
interface Fitted {
  readonly texts: readonly string[];
  readonly width: number | null;
}

const fitted = new WeakMap<Element, Fitted>();

/** Looks at each element once: one that is taken out of the page while it is looked at would be an error of the page's. */
const measured = new ResizeObserver(entries => {
  for (const { target, contentRect } of entries) {
    measured.unobserve(target);
    const { texts = [] } = fitted.get(target) ?? {};
    fitted.set(target, { texts, width: contentRect.width });
    choose(target);
  }
});

/**
 * Say the first of `texts` that an element has room for before the next frame is shown; else the last.
 *
 * Its width must not come from what it says. Where that may have changed, call it again.
 */
export function fit(element: Element, texts: readonly string[]): void {
  const { width = null } = fitted.get(element) ?? {};
  fitted.set(element, { texts, width });
  if (width === null) setText(element, texts.at(-1) ?? '');
  else choose(element);
  measured.observe(element);
}

/** Look again at what fits in an element's descendants whenever its own size changes. */
export function fitWithin(parent: Element): void {
  new ResizeObserver(() => {
    for (const element of parent.querySelectorAll('*')) if (fitted.has(element)) measured.observe(element);
  }).observe(parent);
}

function choose(element: Element): void {
  const { texts, width } = fitted.get(element) ?? {};
  if (!texts || width === undefined || width === null) return;
  // The whole text mostly fits, and needn't be measured each time.
  const measure = texts.length > 1 ? ruler(element) : null;
  setText(element, texts.find(text => !measure || measure(text) <= width) ?? texts.at(-1) ?? '');
}

const canvas = document.createElement('canvas').getContext('2d');
/** Widths by font and text: with digits of one width, the texts of a column are few, and to set a font takes long. */
const widths = new Map<string, number>();
/** So many widths are kept at the most. */
const KEPT = 1000;
// A theme's font may come later than the first texts in it, which were measured in another one.
document.fonts.addEventListener('loadingdone', () => widths.clear());

/** Measures texts in an element's font, with digits of one width: so no layout of the page is made for it. */
function ruler(element: Element): (text: string) => number {
  const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(element);
  const font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`; // `font` is empty where digits are tabular
  const widthOf = (text: string): number => {
    if (!canvas) return 0;
    const key = `${font}\n${text}`;
    let width = widths.get(key);
    if (width === undefined) {
      canvas.font = font;
      width = canvas.measureText(text).width;
      if (widths.size >= KEPT) widths.clear();
      widths.set(key, width);
    }
    return width;
  };
  const widest = Array.from('0123456789').reduce((most, one) => (widthOf(one) > widthOf(most) ? one : most));
  return text => widthOf(text.replace(/\d/g, widest));
}
