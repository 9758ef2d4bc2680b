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

/** Show a name that loses its middle where room is short. What is copied or read aloud is the whole. */
export function setName(element: HTMLElement, name: string): void {
  if (element.textContent === name) return;
  let [begin, end] = element.children;
  if (!begin || !end) {
    [begin, end] = [h('span', { class: 'cellrun-name-begin' }), h('span', { class: 'cellrun-name-end' })];
    element.replaceChildren(begin, end);
    element.classList.add('cellrun-shortened');
  }
  const at = ENDS.map(one => name.search(one)).find(found => found >= 0) ?? name.length;
  setText(begin, name.slice(0, at));
  setText(end, name.slice(at));
  measured.observe(end);
}
