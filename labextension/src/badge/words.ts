import { translated, type Translate } from '../i18n/translate';

/** What badges say, and where a run's cell is looked for. `{…}` is filled in by `fill`. */
export interface BadgeWords {
  readonly jumpToCell: string;
  readonly changed: string;
  readonly changedTitle: string;
  readonly openTitle: string;
  readonly experiment: string;
  readonly started: string;
  readonly noCell: string;
  readonly noCellWhy: string;
  readonly cellGone: string;
  readonly notebookGone: string;
  readonly notebookElsewhere: string;
  readonly whatRan: string;
  readonly close: string;
}

export const ENGLISH: BadgeWords = {
  jumpToCell: 'Go to the cell of a run',
  changed: 'cell changed since',
  changedTitle: 'The cell was changed since it ran as {name}',
  openTitle: 'Click to open the run',
  experiment: 'experiment {name}',
  started: 'started {time}',
  noCell: 'No cell',
  noCellWhy: '{name} was not submitted from a cell.',
  cellGone: 'The cell of {name} is no longer in {notebook}. This ran:',
  notebookGone: 'The notebook of {name} is gone: {notebook} can not be opened. This ran:',
  notebookElsewhere:
    'The notebook of {name} is not below the folder that this server shows: {notebook}. This ran:',
  whatRan: 'The cell of {name}',
  close: 'Close',
};

/** The texts in the language that `translate` knows. */
export function badgeWords(translate: Translate): BadgeWords {
  return translated(ENGLISH, translate);
}
