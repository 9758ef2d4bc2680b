import type { Format } from './format';
import type { FigureData, ShownFigure } from './shown_figure';
import type { Words } from './words';

/** What every part of a surface needs to speak the reader's language: its words `W`, and how numbers and times are written. */
export interface Locale<W = Words> {
  readonly words: W;
  readonly format: Format;
  /** Draw a figure by the whole plotly; where there is one. */
  readonly fullFigure?: ((figure: FigureData) => ShownFigure) | undefined;
}
