import type { Format } from './format';
import type { Words } from './words';

/** What every part of a view needs to say something. */
export interface Context {
  readonly words: Words;
  readonly format: Format;
}
