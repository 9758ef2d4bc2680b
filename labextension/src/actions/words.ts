import { translated, type Translate } from '../i18n/translate';

/** The texts of actions. `{…}` is filled in by `fill`. */
const ENGLISH = {
  open: 'Open',
  openRun: 'Open run',
  openLog: 'Open log',
  compare: 'Compare',
  compareFew: 'Select 2 to 20 runs to compare them.',
  jumpToCell: 'Jump to the cell',
  noCell: 'This run was not submitted from a cell.',
  copyCode: 'Copy code that gets the run',
  copied: 'Copied: {code}',
  edit: 'Edit name and tags …',
  editTitle: 'Edit {name}',
  name: 'Name',
  tags: 'Tags',
  tagsHelp: 'Separated by commas: best, dataset=digits',
  save: 'Save',
  again: 'Run again',
  againInteractive:
    'What is kept of an interactive run is the text of its cells: run them again in a notebook.',
  againStarted: '{name} is submitted.',
  againTitle: 'Run the code of {name}?',
  againTrust:
    'It runs as you, with all that you may read and change. Run it if you trust whoever submitted it.',
  againAccept: 'Run it',
  cancel: 'Cancel',
  cancelEnded: 'Nothing here is running or queued.',
  deleteLive: 'A run that has not ended is canceled first.',
  cancelTitle: 'Cancel {n} runs?',
  cancelAsked: 'Cancel {n} runs',
  cancelRefused: '{name} was not canceled: {message}',
  delete: 'Delete …',
  deleteTitle: 'Delete {name}?',
  deleteMany: 'Delete {n} runs?',
  deleteFrees: 'Frees {size}. This cannot be undone.',
  deleteRefused: '{name} stays: {why}',
  deleteMore: '… and {n} more stay.',
  deleteNone: 'None of them can be deleted:',
  deleteAccept: 'Delete',
  deleteAcceptMany: 'Delete {n} runs',
  deleted: 'Deleted {n}, {size} freed.',
  close: 'Close',
  dismiss: 'Dismiss',
  nothingDone: '{name}: {message}',
};

export type ActionWords = typeof ENGLISH;

export function actionWords(translate: Translate): ActionWords {
  return translated(ENGLISH, translate);
}
