/** Whether a page is dark, and when that changes. */

/** Whether a page is dark: by Lab's own colours, else by what the page says of itself, else by the reader's wish. */
export function isDark(element: Element): boolean {
  const probe = document.createElement('span');
  probe.style.color = 'var(--jp-layout-color1)';
  const named = getComputedStyle(element).getPropertyValue('--jp-layout-color1') !== '';
  if (named) {
    element.append(probe);
    const luminance = luminanceOf(getComputedStyle(probe).color);
    probe.remove();
    if (luminance !== null) return luminance < 0.5;
  }
  const said = element.parentElement?.closest('[data-theme]')?.getAttribute('data-theme') ?? pageTheme();
  if (said !== null) return said.includes('dark');
  return matchMedia('(prefers-color-scheme: dark)').matches;
}

/** Call `changed` when the page may have become dark or light. Returns how to end that. */
export function watchTheme(changed: () => void): () => void {
  const wish = matchMedia('(prefers-color-scheme: dark)');
  wish.addEventListener('change', changed);
  const observer = new MutationObserver(changed);
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true });
  }
  return () => {
    wish.removeEventListener('change', changed);
    observer.disconnect();
  };
}

/** The theme that a page names: by data-theme, as Colab does (`theme`), or as VS Code does (a class). */
function pageTheme(): string | null {
  const { documentElement: html, body } = document;
  if (body.classList.contains('vscode-dark') || body.classList.contains('vscode-high-contrast'))
    return 'dark';
  if (body.classList.contains('vscode-light')) return 'light';
  return html.dataset.theme ?? body.dataset.theme ?? html.getAttribute('theme');
}

/** How bright a computed colour (`rgb(…)`) is, 0 to 1. */
function luminanceOf(colour: string): number | null {
  const channels = /^rgba?\((\d+),\s*(\d+),\s*(\d+)/.exec(colour)?.slice(1).map(Number);
  const [red, green, blue] = channels ?? [];
  if (red === undefined || green === undefined || blue === undefined) return null;
  return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
}
