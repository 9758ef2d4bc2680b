import type { Format } from './format';
import type { FigureData, ShownFigure } from './shown_figure';
import type { Words } from './words';

/** What every part of a view needs to say something. */
export interface Context {
  readonly words: Words;
  readonly format: Format;
  /** Draw a figure by the whole plotly; where there is one. */
  readonly fullFigure?: ((figure: FigureData) => ShownFigure) | undefined;
}
