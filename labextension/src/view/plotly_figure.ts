/** A plotly figure that was logged, drawn. */

import Plotly from 'plotly.js-basic-dist-min';
import type { Locale } from './locale';
import { h } from './dom';
import { said, type FigureData, type ShownFigure } from './shown_figure';

export const PLOTLY_MIME = 'application/vnd.plotly.v1+json';

/** What the view's own plotly draws. */
const BASIC: readonly (string | undefined)[] = [undefined, 'scatter', 'bar', 'pie'];
/** What is fetched, or by a click may become so: pictures, and what buttons and sliders change. */
const FETCHING: ReadonlySet<string> = new Set(['images', 'sliders', 'updatemenus']);
/** A tag of plotly's texts that names no address: a bare one, one for colours and sizes, a link for who clicks it. */
const LOOK = String.raw`span\s+style=(["'])(?:[\w\s:;#,.%-]|\b(?:rgb|hsl)a?\([\d\s,.%]*\))*\1`;
const LINK = String.raw`a\s+href=(["'])https?://[^"'<>{}]*\2(?:\s+target=(["'])\w*\3)?`;
/** Where another tag begins or may: plotly puts texts together of several (`%{meta[0]}`), so one may be in parts. */
const OTHER_TAG = new RegExp(`<(?![\\s\\d=]|(?:/?[a-z]+|${LOOK}|${LINK})\\s*/?>)`, 'i');
const HEIGHT_PX = 320;
const MOST_PX = 640;

/** A plotly figure that was logged, by its JSON: drawn here, or by the whole plotly where the place has it. */
export function plotlyFigure(json: Uint8Array, locale: Locale): ShownFigure {
  try {
    const { data, layout = {} } = JSON.parse(new TextDecoder().decode(json)) as Partial<FigureData>;
    const figure = { data: data ?? [], layout: { ...layout, width: undefined, height: heightOf(layout) } };
    if (figure.data.every(({ type }) => BASIC.includes(type)) && fetchesNothing(figure)) return drawn(figure);
    if (locale.fullFigure) return locale.fullFigure(figure);
    return said(locale.words.figureElsewhere);
  } catch (error) {
    return said(String(error));
  }
}

/** Drawn as soon as it has a width, and again when that changes. */
function drawn({ data, layout }: FigureData): ShownFigure {
  const element = h('div', { style: `height:${String(layout.height)}px` });
  let isDrawn = false;
  const observer = new ResizeObserver(() => {
    if (element.clientWidth === 0) return;
    if (isDrawn) Plotly.Plots.resize(element);
    else void Plotly.newPlot(element, data as Plotly.Data[], layout, { displayModeBar: false });
    isDrawn = true;
  });
  observer.observe(element);
  return {
    element,
    dispose: () => {
      observer.disconnect();
      Plotly.purge(element);
      element.remove();
    },
  };
}

/** A view fetches nothing, whatever it shows; the frame of the whole plotly has no network. */
function fetchesNothing(part: unknown): boolean {
  if (typeof part === 'string') return !OTHER_TAG.test(part);
  if (typeof part !== 'object' || part === null) return true;
  if (Array.isArray(part)) return part.every(fetchesNothing);
  return Object.entries(part).every(([name, value]) => !FETCHING.has(name) && fetchesNothing(value));
}

function heightOf({ height }: FigureData['layout']): number {
  return typeof height === 'number' ? Math.min(Math.max(height, 100), MOST_PX) : HEIGHT_PX;
}
