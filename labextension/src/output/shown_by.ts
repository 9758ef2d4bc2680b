import type { Api, RunKey } from '../server/api';
import type { ViewActions } from '../view/actions';

/** A larger file isn't shown: what displays something keeps less of it, and a page that took it all in would be gone. */
const MOST_BYTES = 100_000_000;

/** How a view shows what a cell displayed, where there is a server: large files, and what draws Markdown and LaTeX. */
export function shownBy(api: Api, key: RunKey): Pick<ViewActions, 'readFile' | 'toHtml'> {
  return {
    readFile: async path => {
      const answer = await api.file(key, 'outputs', path);
      if (Number(answer.headers.get('Content-Length')) > MOST_BYTES) {
        await answer.body?.cancel();
        throw new Error(`${path} is too large to be shown`);
      }
      return new Uint8Array(await answer.arrayBuffer());
    },
    toHtml: async (mime, text) => {
      const { latexPage, markdownPage } = await import('../view/markdown');
      return mime === 'text/latex' ? latexPage(text) : markdownPage(text);
    },
  };
}
