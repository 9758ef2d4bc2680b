import { h, setText } from './dom';

/** How a name ends that tells it from its neighbours: its number, with what parts it from the rest; else some letters. */
const ENDS = [/[^\p{L}\p{N}]?\d{1,10}$/u, /(?<=.{7})[\x20-\x7e]{6}$/u];

/** The width of a name's end is not the beginning's to take. */
const measured = new ResizeObserver(entries => {
  for (const { target, contentRect } of entries) {
    measured.unobserve(target); // one that is taken out of the page while it is looked at would be an error of the page's
    target.parentElement?.style.setProperty('--cellrun-name-end', `${contentRect.width}px`);
  }
});

/** Here and in no sheet: names stand on surfaces that share none. */
const PART = { display: 'inline-block', verticalAlign: 'bottom', whiteSpace: 'pre' };
const BEGIN = {
  ...PART,
  maxWidth: 'calc(100% - var(--cellrun-name-end, 0px))',
  overflow: 'hidden',
  textOverflow: 'ellipsis',
};

/** Show a name that loses its middle where room is short. What is copied or read aloud is the whole. */
export function setName(element: HTMLElement, name: string): void {
  if (element.textContent === name) return;
  let [begin, end] = element.children;
  if (!begin || !end) {
    const parts = [h('span'), h('span')] as const;
    Object.assign(element.style, { overflow: 'hidden', whiteSpace: 'nowrap' });
    Object.assign(parts[0].style, BEGIN);
    Object.assign(parts[1].style, PART);
    element.replaceChildren(...parts);
    [begin, end] = parts;
  }
  const at = ENDS.map(one => name.search(one)).find(found => found >= 0) ?? name.length;
  setText(begin, name.slice(0, at));
  setText(end, name.slice(at));
  if (element.matches('a, button')) element.setAttribute('aria-label', name); // its parts would be two words
  measured.observe(end);
}
