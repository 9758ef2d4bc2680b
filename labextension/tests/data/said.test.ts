import { describe, expect, test } from 'vitest';
import { said } from '../../src/i18n/said';
import { translateInto } from '../../src/i18n/translate';

const japanese = (text: string): string => said(text, translateInto('ja'));

describe('what Python says', () => {
  test.each([
    ['supervisor and job disappeared', '監視プロセスと実行のプロセスがなくなりました'],
    ['stopped after 60 s (max_run_duration_seconds=60)', '60 秒で停止しました (max_run_duration_seconds=60)'],
    ['exit code 1', '終了コード 1'],
    ['exit code 1: ValueError: no data: at all', '終了コード 1：ValueError: no data: at all'],
    [
      'exit code 127 (command not found); its log ends with: sh: 1: trian: not found',
      '終了コード 127（コマンドが見つかりません）。ログの末尾：sh: 1: trian: not found',
    ],
    [
      'canceled: interrupted as by Ctrl-C (SIGINT); told to end if it goes on after 10 s, or at once by another cancel',
      'キャンセル：Ctrl-C と同じ割り込み (SIGINT) を送りました。10 秒後も続いていれば、または再度キャンセルされればすぐに、終了を要求します',
    ],
    ['waits for 1 GPU, 2 cores · 1 before it', 'GPU 1 個、2 コア待ち · 前に 1 件'],
    ['waits for its turn', '順番待ち'],
    ['2 cpus · 1 gpu · 4G memory', '2 CPU · 1 GPU · メモリ 4G'],
    ['train.py ended without complete()', 'complete() が呼ばれないまま train.py が終了しました'],
    ['its process ended without complete()', 'complete() が呼ばれないままプロセスが終了しました'],
    [
      'fake no longer knows it (no host name); last seen Starting',
      'fake に記録が残っていません (no host name)。最後に確認した状態：開始中',
    ],
    ['fake no longer knows it; last seen Running', 'fake に記録が残っていません。最後に確認した状態：実行中'],
    ['3 processes left running, stopped', '3 個のプロセスが残っていたため停止しました'],
    ['no heartbeat for 2 min: its supervisor is stopped, or its machine', /^2 分間応答がありません/],
    [
      'run a stays: it is Running: cancel it first',
      '実行 a は残ります：実行中のため、先にキャンセルしてください',
    ],
    [
      "the run can't be submitted, for 2 reasons:\n  - its snapshot /x is gone\n  - cpus=9: 'local' has 2",
      "次の 2 つの理由により実行を送信できません：\n  - スナップショット /x がなくなりました\n  - cpus=9：'local' にあるのは 2 です",
    ],
    [
      'Debug it here: `%load_run digits-4`. Run again runs the same code once more.',
      'ここでデバッグ：`%load_run digits-4`。「再実行」は同じコードをもう一度実行します。',
    ],
    ['run.json is not a regular file', 'run.json：通常のファイルではありません'],
    ['status/3 is a pipe, not a regular file', 'status/3：通常のファイルではなくパイプです'],
    ['Failed to fetch', 'Jupyter サーバーに接続できません'],
  ])('%s', (english, expected) => {
    const text = japanese(english);
    if (typeof expected === 'string') expect(text).toBe(expected);
    else expect(text).toMatch(expected);
  });

  test.each([
    'ValueError: no data',
    'the model is worse than the baseline: stop here',
    'Running, Failed, Open',
    'canceled: by me',
    'x GPUs · many before it',
    '',
  ])('somebody’s own words stay: %s', text => {
    expect(japanese(text)).toBe(text.replace('canceled: ', 'キャンセル：'));
  });

  test('in English nothing changes', () => {
    const text = 'waits for 1 core · 1 before it';
    expect(said(text, english => english)).toBe(text);
  });

  test('a hostile text costs next to nothing', () => {
    const began = performance.now();
    for (const part of ['canceled: ', 'waits for , ', '1 core, ', "': `%load_run ", ' · ; : , '])
      japanese(part.repeat(4_000 / part.length));
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
