import Plotly from 'plotly.js-basic-dist-min';
import type { Axis } from './axis';
import { h } from '../dom';
import { hasLonePoints, PALETTE, type Curve } from './curve';
import { tickText, type Figure } from './figure';
import type { Format } from '../format';
import type { Ticks } from './ticks';

/** What Plotly keeps of a chart, to be changed in place. */
interface PlotlyElement extends HTMLElement {
  data: Plotly.Data[];
  layout: Partial<Plotly.Layout>;
}

/** Lines beyond the colours of the palette are told apart by these. */
const DASHES: readonly Plotly.Dash[] = ['solid', 'dash', 'dot', 'dashdot'];

/**
 * A chart's lines and grid, drawn by Plotly.
 *
 * Columns are handed over as they are held, without a copy, so what is new is all that was moved since the last
 * drawing; `redraw` is Plotly's way for data changed in place. Colours are the style sheet's matter (`.cellrun-plot`):
 * a change of theme needs no drawing.
 */
export class Plot {
  readonly element = h('div', { class: 'cellrun-plot', 'aria-hidden': 'true' }) as unknown as PlotlyElement;
  private drawn = false;

  draw(figure: Figure, format: Format): void {
    const { curves, pale } = figure;
    const data = [
      ...pale.map((curve, i) => trace(curve, i, 'pale')),
      ...curves.map((curve, i) => trace(curve, i, 'line')),
    ];
    const layout = layoutOf(figure, format);
    if (this.drawn) {
      this.element.data = data;
      this.element.layout = layout;
      void Plotly.redraw(this.element);
    } else {
      this.drawn = true;
      void Plotly.newPlot(this.element, data, layout, { staticPlot: true, responsive: false });
    }
  }

  dispose(): void {
    if (this.drawn) Plotly.purge(this.element);
    this.drawn = false;
  }
}

/** A curve for Plotly. It makes classes of uids: `trace-s3-line-0` is what the style sheet knows a colour by. */
function trace({ x, y, colour }: Curve, place: number, kind: 'line' | 'pale'): Plotly.Data {
  const i = colour ?? place;
  return {
    uid: `-s${(i % PALETTE) + 1}-${kind}-${place}`,
    type: 'scatter',
    mode: hasLonePoints(y) ? 'lines+markers' : 'lines',
    x,
    y,
    hoverinfo: 'skip',
    line: { width: 1.6, dash: DASHES[Math.floor(i / PALETTE) % DASHES.length] ?? 'solid' },
    marker: { size: 3 },
  };
}

function layoutOf(
  { width, height, x, y, xTicks, yTicks, sayX }: Figure,
  format: Format,
): Partial<Plotly.Layout> {
  const shown: Partial<Plotly.LayoutAxis> = { fixedrange: true, zeroline: false, showline: false, ticks: '' };
  const ticked = (
    axis: Axis,
    { values }: Ticks,
    say: (value: number) => string,
  ): Partial<Plotly.LayoutAxis> => ({
    ...shown,
    type: axis.log ? 'log' : 'linear',
    range: axis.log ? [Math.log10(axis.low), Math.log10(axis.high)] : [axis.low, axis.high],
    tickmode: 'array',
    tickvals: [...values],
    ticktext: values.map(say),
  });
  return {
    width,
    height,
    margin: { l: x.start, r: width - x.end, t: y.end, b: height - y.start, pad: 0 },
    showlegend: false,
    paper_bgcolor: 'transparent',
    plot_bgcolor: 'transparent',
    font: { size: 10 },
    xaxis: { ...ticked(x, xTicks, value => sayX(value, xTicks.step)), showgrid: false },
    yaxis: ticked(y, yTicks, value => tickText(value, yTicks.step, format)),
  };
}
