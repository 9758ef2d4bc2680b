import type { Status } from '../data/protocol';

/** The view's texts. `{…}` is filled in by `fill`. */
export interface Words {
  readonly status: Readonly<Record<Status, string>>;
  readonly connecting: string;
  readonly cancel: string;
  readonly cancelTitle: string;
  readonly elapsed: string;
  readonly silent: string;
  readonly lost: string;
  readonly noMetricsYet: string;
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
  readonly earlier: string;
  readonly search: string;
  readonly searchLog: string;
  readonly matches: string;
  readonly noMatch: string;
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
  readonly rowsOf: string;
  readonly imageNotHere: string;
  readonly arguments: string;
}

const ENGLISH: Words = {
  status: {
    NotStarted: 'NotStarted',
    Preparing: 'Preparing',
    Queued: 'Queued',
    Starting: 'Starting',
    Running: 'Running',
    Finalizing: 'Finalizing',
    CancelRequested: 'CancelRequested',
    NotResponding: 'NotResponding',
    Completed: 'Completed',
    Failed: 'Failed',
    Canceled: 'Canceled',
  },
  connecting: 'Loading the run',
  cancel: 'Cancel',
  cancelTitle: 'Ask the run to stop',
  elapsed: 'elapsed time',
  silent: 'Nothing heard from the kernel since {time}: it is busy, or gone. What is shown may be old.',
  lost: "This view's kernel is gone, so what is shown is old. Its run, as it is now: `RunDetails(Run.get(ws, '{id}')).show()`",
  noMetricsYet: "Metrics will appear here: run.log('loss', value)",
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
  earlier: '… {size} earlier',
  search: 'Search',
  searchLog: 'Search the log',
  matches: '{i} of {n} lines',
  noMatch: 'not found',
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
  rowsOf: 'last {shown} of {rows} rows',
  imageNotHere: '{path}, {size}: not shown here',
  arguments: 'Arguments',
};

const JAPANESE: Words = {
  status: {
    NotStarted: '未開始',
    Preparing: '準備中',
    Queued: '待機中',
    Starting: '開始中',
    Running: '実行中',
    Finalizing: '終了処理中',
    CancelRequested: 'キャンセル要求済み',
    NotResponding: '応答なし',
    Completed: '完了',
    Failed: '失敗',
    Canceled: 'キャンセル済み',
  },
  connecting: '実行を読み込み中',
  cancel: 'キャンセル',
  cancelTitle: '実行の停止を要求する',
  elapsed: '経過時間',
  silent: '{time} からカーネルの応答がありません（処理中か、終了しています）。表示は古い可能性があります。',
  lost: "カーネルが終了したため、この表示は更新されません。現在の状態：`RunDetails(Run.get(ws, '{id}')).show()`",
  noMetricsYet: "メトリックはここに表示されます：run.log('loss', value)",
  noLogYet: '実行の出力はここに表示されます。',
  noLog: 'この実行の出力はありません。',
  log: 'ログ',
  following: '追従中 ▾',
  paused: '一時停止中 · 新しい行 {n} ▾',
  toEnd: '末尾へ移動して追従する',
  ended: '終了',
  lines: '{n} 行',
  line: '1 行',
  lastLines: '最後の {n} 行',
  earlier: '… これより前に {size}',
  search: '検索',
  searchLog: 'ログを検索',
  matches: '{n} 行中 {i}',
  noMatch: '見つかりません',
  previous: '前へ',
  next: '次へ',
  close: '閉じる',
  download: 'ダウンロード',
  downloadTitle: 'ここに表示されている {size} を保存する',
  wrap: '折り返し',
  metrics: 'メトリック',
  chart: 'グラフ',
  chartSummary: '{name}、{rows} 点、最新値 {latest}',
  showMore: 'さらに {n} 件を表示',
  rowsOf: '{rows} 行のうち最後の {shown} 行',
  imageNotHere: '{path}（{size}）：ここには表示されません',
  arguments: '引数',
};

/** The texts in a language (BCP 47); English where there are none. */
export function wordsIn(language: string): Words {
  return language.toLowerCase().startsWith('ja') ? JAPANESE : ENGLISH;
}

/** A text with its `{names}` replaced. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
