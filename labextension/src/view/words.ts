import { translated, translateInto } from '../i18n/translate';
import type { Status } from '../data/protocol';

export { fill } from '../i18n/fill';

/** The view's texts. `{…}` is filled in by `fill`. */
export interface Words {
  readonly status: Readonly<Record<Status, string>>;
  readonly connecting: string;
  readonly cancel: string;
  readonly cancelTitle: string;
  readonly cancelNow: string;
  readonly cancelNowTitle: string;
  readonly elapsed: string;
  readonly attempt: string;
  readonly silent: string;
  readonly lost: string;
  readonly noMetricsYet: string;
  readonly noMetrics: string;
  readonly noLogYet: string;
  readonly noLog: string;
  readonly log: string;
  readonly following: string;
  readonly paused: string;
  readonly toEnd: string;
  readonly ended: string;
  readonly lines: string;
  readonly line: string;
  readonly lastLines: string;
  readonly linesOf: string;
  readonly earlier: string;
  readonly search: string;
  readonly searchLog: string;
  readonly whichLog: string;
  readonly rankLog: string;
  readonly matches: string;
  readonly noMatch: string;
  readonly noMatchHere: string;
  readonly matchesHere: string;
  readonly searching: string;
  readonly excerpt: string;
  readonly previous: string;
  readonly next: string;
  readonly close: string;
  readonly download: string;
  readonly downloadTitle: string;
  readonly wrap: string;
  readonly metrics: string;
  readonly chart: string;
  readonly chartSummary: string;
  readonly showMore: string;
  readonly showAll: string;
  readonly showLess: string;
  readonly rowsOf: string;
  readonly imageNotHere: string;
  readonly figureElsewhere: string;
  readonly confusionMatrix: string;
  readonly trueClass: string;
  readonly predictedClass: string;
  readonly confusedPair: string;
  readonly confusedCount: string;
  readonly mostConfused: string;
  readonly rightOf: string;
  readonly documentColumns: Readonly<Record<'class' | 'threshold' | 'from' | 'to', string>>;
  readonly enlarge: string;
  readonly arguments: string;
  readonly open: string;
  readonly openTitle: string;
  readonly again: string;
  readonly againTitle: string;
  readonly code: string;
  readonly childRuns: string;
  readonly outputs: string;
  readonly outputsCount: string;
  readonly details: string;
  readonly captured: string;
  readonly capturedOne: string;
  readonly capturedBytes: string;
  readonly retry: string;
  readonly useCode: string;
  readonly copied: string;
  readonly silentServer: string;
  readonly fullLogTitle: string;
  readonly resetZoom: string;
  readonly noLogScale: string;
  readonly leftOut: string;
  readonly notExact: string;
  readonly chartControls: string;
  readonly asLogged: string;
  readonly xAxis: string;
  readonly smoothing: string;
  readonly logScale: string;
  readonly logScaleTitle: string;
  readonly noSuchX: string;
  readonly over: string;
  readonly ofOver: string;
}

const ENGLISH: Words = {
  status: {
    NotStarted: 'NotStarted',
    Preparing: 'Preparing',
    Queued: 'Queued',
    Starting: 'Starting',
    Running: 'Running',
    Finalizing: 'Finalizing',
    CancelRequested: 'Stopping',
    NotResponding: 'NotResponding',
    Completed: 'Completed',
    Failed: 'Failed',
    Canceled: 'Canceled',
    Damaged: 'Damaged',
  },
  connecting: 'Loading the run',
  cancel: 'Cancel',
  cancelTitle: 'Ask the run to stop',
  cancelNow: 'Cancel now',
  cancelNowTitle: 'Send the next signal without waiting for it',
  elapsed: 'elapsed time',
  attempt: 'attempt {n}',
  silent: 'Nothing heard from the kernel since {time}: it is busy, or gone. What is shown may be old.',
  lost: "This view's kernel is gone, so what is shown is old. Its run, as it is now: `RunDetails(Run.get(ws, '{id}')).show()`",
  noMetricsYet: "Metrics will appear here: run.log('loss', value)",
  noMetrics: 'This run logged no metrics.',
  noLogYet: 'What the run prints will appear here.',
  noLog: 'This run printed nothing.',
  log: 'Log',
  following: 'following ▾',
  paused: 'paused · {n} new lines ▾',
  toEnd: 'Go to the end and follow',
  ended: 'ended',
  lines: '{n} lines',
  line: '1 line',
  lastLines: 'last {n} lines',
  linesOf: 'lines {from}–{to} of {n}',
  earlier: '… {size} earlier',
  search: 'Search',
  searchLog: 'Search the log',
  whichLog: 'Which process prints: the log of a rank',
  rankLog: 'rank {n} · {file}',
  matches: '{i} of {n} lines',
  noMatch: 'not found',
  noMatchHere: 'not in the last {held} lines: scroll up for more',
  matchesHere: '{i} of {n}, in the last {held} lines',
  searching: 'searching …',
  excerpt: 'to the end ▾',
  previous: 'Previous',
  next: 'Next',
  close: 'Close',
  download: 'Download',
  downloadTitle: 'Save the {size} that are shown here',
  wrap: 'Wrap',
  metrics: 'Metrics',
  chart: 'chart',
  chartSummary: '{name}, {rows} points, latest {latest}',
  showMore: 'Show {n} more',
  showAll: 'Show all ▾',
  showLess: 'Show less ▴',
  rowsOf: 'first {shown} of {rows} rows',
  imageNotHere: '{path}, {size}: not shown here',
  figureElsewhere: 'This figure is drawn in JupyterLab and on the run’s own page.',
  confusionMatrix: 'Confusion matrix',
  trueClass: 'true',
  predictedClass: 'predicted',
  confusedPair: '{true} taken for {predicted}: {n}',
  confusedCount: 'count',
  mostConfused: 'Most confused',
  rightOf: '{right} of {all} on the diagonal, {percent} %',
  documentColumns: { class: 'class', threshold: 'threshold', from: 'from', to: 'to' },
  enlarge: 'Enlarge',
  arguments: 'Arguments',
  open: 'Open ↗',
  openTitle: 'Open the run in a tab of its own',
  again: 'Run again',
  againTitle: 'Submit the same snapshot again',
  code: 'Code',
  childRuns: 'Child runs: {counts}',
  outputs: 'Outputs',
  outputsCount: 'Outputs ({n})',
  details: 'Details',
  captured: '{n} names, {size} captured',
  capturedOne: '1 name, {size} captured',
  capturedBytes: '{size} captured',
  retry: 'Retry now',
  useCode: 'Put it into a new cell, or copy it',
  copied: 'copied',
  silentServer:
    'Nothing heard from the Jupyter server about this run since {time}. What is shown may be old.',
  fullLogTitle: 'Save the whole log, {size}',
  resetZoom: 'Reset zoom',
  noLogScale: 'no value above 0: not on a log scale',
  leftOut: '{n} not above 0 left out',
  notExact: 'thinned, the exact points couldn’t be read: {why}',
  chartControls: 'How charts are drawn',
  asLogged: 'as logged',
  xAxis: 'x:',
  smoothing: 'smoothing',
  logScale: 'Log scale',
  logScaleTitle: 'Logarithmic y axis',
  noSuchX: 'over {x}: {why}',
  over: 'over {x}',
  ofOver: '{line} over {x}',
};

/** The texts in a language (BCP 47); English where there are none. */
export function wordsIn(language: string): Words {
  const page = globalThis.cellrun;
  const ofPage = page?.language === language ? page.translate : undefined;
  return translated(ENGLISH, ofPage ?? translateInto(language));
}
