import { translated, type Translate } from '../i18n/translate';

/** The panel's texts. `{…}` is filled in by `fill`. */
const ENGLISH = {
  runs: 'Runs',
  compare: 'Compare {n}',
  compareNone: 'Compare',
  compareHow: 'Select 2 to 20 runs to compare them.',
  more: 'More actions',
  targets: 'Targets',
  workspace: 'Workspace',
  filter: 'Filter: status:failed digits lr>0.01',
  filterLabel: 'Filter the runs',
  filterHelp: 'What can be filtered by',
  filterClear: 'Clear the filter',
  loading: 'Loading the runs',
  empty: 'No runs yet. Put %%submit above a cell.',
  emptyOther:
    'No runs in {name} yet. Where `Workspace.get({quoted}).write_config()` was called, %%submit puts them here.',
  noMatch: 'No run fits this filter.',
  failed: 'The runs could not be loaded: {message}',
  retry: 'Retry',
  live: 'live',
  connecting: 'connecting',
  retrying: 'disconnected: retrying in {n} s',
  counts: {
    running: '{n} running',
    queued: '{n} queued',
    completed: '{n} completed',
    failed: '{n} failed',
    canceled: '{n} canceled',
    damaged: '{n} damaged',
  },
  shown: '{shown} of {total} shown',
  bounded: 'The newest {n} of {total} runs. Filter to find older ones.',
  doneOf: '{done} of {total} done',
  best: 'best {value}',
  latest: '{metric} {value}',
  metric: 'Metric of {experiment}',
  children: 'Child runs: {n}',
  elapsed: 'elapsed time',
  created: 'submitted',
  sort: 'Sort by {order}',
  sortBy: {
    newest: 'newest first',
    name: 'name',
    duration: 'duration',
    value: 'value',
    status: 'status',
  },
  expandAll: 'Expand all experiments',
  collapseAll: 'Collapse all experiments',
  waiting: {
    NotStarted: 'not started',
    Preparing: 'preparing',
    Queued: 'queued',
    Starting: 'starting',
  },
  help: {
    text: 'a word of the name, the tags or the parameters',
    quotes: 'a text with spaces',
    status: 'running, queued, done, completed, failed, canceled',
    experiment: 'of one experiment',
    tag: 'with a tag, or with a tag of that value',
    notebook: 'submitted from a notebook',
    compare: 'a parameter or, without one, a metric; > < >= <= = !=',
    metric: 'the last value of a metric',
  },
  wrong: {
    key: '“{word}”: there is no {key}: here. Known are {known}. Put other texts in quotes.',
    status: '“{word}”: no status begins with “{value}”. Known are {known}.',
    value: '“{word}”: what should follow? For example {example}.',
    number: '“{word}”: {operator} compares numbers, and “{value}” is none.',
    metric: '“{word}”: a comparison should follow, for example {example}.',
  },
};

export type PanelWords = typeof ENGLISH;

export function panelWords(translate: Translate): PanelWords {
  return translated(ENGLISH, translate);
}
