import type { Api, RunKey } from '../server/api';
import type { ViewActions } from '../view/actions';

/** How a view shows what a cell displayed, where there is a server: large files, and what draws Markdown and LaTeX. */
export function shownBy(api: Api, key: RunKey): Pick<ViewActions, 'readFile' | 'toHtml'> {
  return {
    readFile: async path => {
      const answer = await api.file(key, 'outputs', path);
      return new Uint8Array(await answer.arrayBuffer());
    },
    toHtml: async (mime, text) => {
      const { latexPage, markdownPage } = await import('../page/markdown');
      return mime === 'text/latex' ? latexPage(text) : markdownPage(text);
    },
  };
}
