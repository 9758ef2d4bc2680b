/** The page within a frame that draws a figure by the whole plotly; `page/figure_frame.ts` is at the other side. */

import type Plotly from 'plotly.js-basic-dist-min';
import type { FromFrame } from './page/figure_frame';
import type { FigureData } from './view/shown_figure';

const plotly = (globalThis as { Plotly?: typeof Plotly }).Plotly;

function tell(what: FromFrame): void {
  parent.postMessage(what, '*'); // this page has no origin, and says nothing of the figure
}

async function draw({ data, layout }: FigureData): Promise<void> {
  const place = document.getElementById('figure');
  if (!plotly || !place) return;
  try {
    const filling: Readonly<Record<string, unknown>> = { ...layout, height: undefined };
    const config = { displaylogo: false, responsive: true };
    await plotly.newPlot(place, data as Plotly.Data[], filling, config);
    tell('drawn');
  } catch (error) {
    tell({ problem: String(error) });
  }
}

addEventListener('message', ({ source, data }: MessageEvent<{ figure: FigureData }>) => {
  if (source === parent) void draw(data.figure);
});
tell(plotly ? 'ready' : 'noPlotly');
