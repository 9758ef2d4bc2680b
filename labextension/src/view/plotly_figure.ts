import Plotly from 'plotly.js-basic-dist-min';
import type { Context } from './context';
import { h } from './dom';
import { said, type FigureData, type ShownFigure } from './shown_figure';

export const PLOTLY_MIME = 'application/vnd.plotly.v1+json';

/** What the view's own plotly draws. */
const BASIC: readonly (string | undefined)[] = [undefined, 'scatter', 'bar', 'pie'];
const HEIGHT_PX = 320;
const MOST_PX = 640;

/** A plotly figure that was logged, by its JSON: drawn here, or by the whole plotly where the place has it. */
export function plotlyFigure(json: Uint8Array, context: Context): ShownFigure {
  try {
    const { data, layout = {} } = JSON.parse(new TextDecoder().decode(json)) as Partial<FigureData>;
    const figure = { data: data ?? [], layout: { ...layout, width: undefined, height: heightOf(layout) } };
    if (figure.data.every(({ type }) => BASIC.includes(type))) return drawn(figure);
    if (context.fullFigure) return context.fullFigure(figure);
    return said(context.words.figureElsewhere);
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
    // Pictures from elsewhere would be fetched: a view fetches nothing.
    else
      void Plotly.newPlot(
        element,
        data as Plotly.Data[],
        { ...layout, images: [] },
        { displayModeBar: false },
      );
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

function heightOf({ height }: FigureData['layout']): number {
  return typeof height === 'number' ? Math.min(Math.max(height, 100), MOST_PX) : HEIGHT_PX;
}
