/** Tell whether an element is in sight, soon and whenever that changes. Returns how to hear no more of it. */
export function watchSight(element: HTMLElement, tell: (isVisible: boolean) => void): () => void {
  const observer = new IntersectionObserver(entries => tell(entries.at(-1)?.isIntersecting ?? false));
  observer.observe(element);
  return () => observer.disconnect();
}
