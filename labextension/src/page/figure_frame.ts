/** A figure drawn by the whole plotly, in a frame without origin and network; `figure.ts` is the page inside. */

import type { Api } from '../server/api';
import { fill } from '../i18n/fill';
import { said, type FigureData, type ShownFigure } from '../view/shown_figure';
import { h } from '../view/dom';
import { isDark } from '../view/theme';
import { serverWords } from '../server/words';
import { translateOfPage } from '../view/language';

/** What the page in the frame says: that it is there, and how the drawing went. */
export type FromFrame = 'ready' | 'drawn' | { readonly problem: string } | 'noPlotly';

/**
 * A figure drawn by the whole plotly, in a frame of the server's: of no origin and without a network, so nothing in
 * the figure reaches this page or anything else.
 */
export function figureFrame(figure: FigureData, api: Pick<Api, 'figureUrl'>): ShownFigure {
  const element = h('div', {});
  const frame = h('iframe', { class: 'cellrun-figure', sandbox: 'allow-scripts', src: api.figureUrl });
  frame.height = String(figure.layout.height);
  frame.title = 'plotly';
  const hear = ({ source, data }: MessageEvent<FromFrame>): void => {
    if (source !== frame.contentWindow) return;
    const words = serverWords(translateOfPage());
    if (data === 'ready') frame.contentWindow?.postMessage({ figure, isDark: isDark(element) }, '*');
    else if (data === 'noPlotly') element.replaceChildren(said(words.noPlotly).element);
    else if (data !== 'drawn')
      element.replaceChildren(said(fill(words.figureProblem, { why: data.problem })).element);
  };
  addEventListener('message', hear);
  element.append(frame);
  return {
    element,
    dispose: () => {
      removeEventListener('message', hear);
      element.remove();
    },
  };
}
