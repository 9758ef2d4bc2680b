import { beforeEach, expect, test } from 'vitest';
import { FakeRuns, live, row } from '../../dev/fake_runs';

import { PageDialogs } from '../../src/actions/dialog';
import { RunActions } from '../../src/actions/run_actions';
import { translateInto } from '../../src/i18n/translate';
import { Api } from '../../src/server/api';
import { saidHere } from '../../src/view/said';
import { shown as compared } from '../compare/setup';

import { line, showPanel } from '../panel/setup';
import { card, show, until } from '../view/setup';
import { says, showPage, tab } from './setup';

const SPOKEN = ['title', 'aria-label', 'placeholder', 'alt', 'aria-valuetext'];
/** What users or programs write for programs: code, the log, names of packages. */
const OWN =
  'style, code, pre, kbd, .cellrun-log-lines, .cellrun-packages, .cellrun-diff, .cellrun-filter-help, .cellrun-tiles dt, option';
/** What the runs here are called and hold, names of products and units, and code in our own sentences. */
/** Names of files that users gave. */
const FILES = /[\w/]+\.(?:plotly\.json|tex)\b/g;
const NAMES = new RegExp(
  [
    /[\w./-]*(digits|sine|loss|accuracy|example|epoch|n_train|outputs\/|momentum|lr=|\bgit\b)[\w./=-]*/,
    /run\.log\('loss', value\)|max_run_duration_seconds|--\w+|\.py|(status|experiment|tag|notebook|metric)[: ][a-z]+|"two words"|running、queued、.*|lr>0\.01|=yes|\btrain\b|\(SIG\w+\)|Ctrl-C/,
    /\b(cell\.py|data\.py|labels\.csv|numpy|ndarray|float64|SGDClassifier|model|features|X_train|np|data|local|default|home\/me\/mine|home\/ada|owner|me|best|dataset|main|lab|step|y|x|learning_rate)\b/,
    /\b(CPU|GPU|Git|Python|CPython|Debian|AMD EPYC|ID|PDF|zip|A100|MB|kB|GB|JSON|Enter|Delete|usr|bin|python3)\b/,
    /ValueError: .*|complete\(\)|Cell In/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

/** The English that somebody sees or hears. */
function english(place: ParentNode): string[] {
  const texts: string[] = [];
  for (const element of place.querySelectorAll('*')) {
    if (element.closest('style')) continue;
    for (const name of SPOKEN) texts.push(element.getAttribute(name) ?? '');
    if (element.closest(OWN)) continue;
    for (const node of element.childNodes) if (node instanceof Text) texts.push(node.data);
  }
  return [...new Set(texts)].filter(text => /[A-Za-z]{2}/.test(text.replace(FILES, '').replace(NAMES, '')));
}

beforeEach(() => {
  document.documentElement.lang = 'ja';
});

test.each([
  ['running', {}],
  ['sine', {}],
  ['empty', { notes: ['waits for 1 core · 1 before it', 'its process ended without complete()'] }],
  ['completed', { resources: '2 cpus · 1 gpu · 4G memory', notes: ['2 processes left running, stopped'] }],
  [
    'running',
    {
      status: 'CancelRequested' as const,
      notes: [
        'canceled: interrupted as by Ctrl-C (SIGINT); told to end if it goes on after 10 s, or at once by another cancel',
      ],
    },
  ],
  [
    'failed',
    {
      error: {
        message: 'ValueError: no data',
        where: 'Cell In[7], line 4, in fit_digits',
        exit: 'exit code 1',
        next: 'Debug it here: `%load_run digits-4`. Run again runs the same code once more.',
      },
    },
  ],
  [
    'failed',
    {
      error: {
        message: 'stopped after 60 s (max_run_duration_seconds=60)',
        where: '',
        exit: '',
        next: 'Submit it with more time (--timeout), or let it do less.',
      },
    },
  ],
])('a view: %s', async (scene, header) => {
  const { place, kernel } = show(scene, 1264, {
    open: () => undefined,
    openTab: () => undefined,
    again: () => Promise.resolve(),
    followChildren: told => {
      told(new Map([['Running', 2]]));
      return () => undefined;
    },
    countOutputs: () => Promise.resolve(3),
  });
  kernel.tell({ header });
  const [name] = place.querySelectorAll('.cellrun-card .cellrun-name');
  if (name) await card(place, name.textContent);
  await until(() => place.querySelector('.cellrun-footer')?.textContent.includes('(3)'), 'all is drawn');
  expect(english(place)).toEqual([]);
});

test('a page with all of its tabs', async () => {
  const { place, known } = showPage('failed', { actions: inJapanese });
  expect(known.size).toBeGreaterThan(5);
  for (const [name, content] of [
    ['メトリック', '--learning_rate'],
    ['ログ', 'ValueError'],
    ['詳細', 'CPython'],
    ['出力', 'outputs/'],
    ['コード', 'data.py'],
  ] as const) {
    tab(place, name).click();
    await says(place, content).catch(() => undefined);
    expect(english(place), name).toEqual([]);
  }
  const account = [...place.querySelectorAll<HTMLElement>('[role=option], button, a, li')].find(
    one => one.textContent.startsWith('送信されたもの') && !one.querySelector('button'),
  );
  account!.click();
  await says(place, 'data/labels.csv');
  expect(english(place)).toEqual([]);
});

test('a comparison', async () => {
  const { place } = await compared();
  await until(() => place.querySelectorAll('.js-line').length > 0, 'curves are drawn');
  expect(english(place)).toEqual([]);
});

test('the list of runs, its menu and what it asks and tells', async () => {
  const rows = [
    row(1),
    row(2, { status: 'Failed', reason: 'stopped after 60 s (max_run_duration_seconds=60)' }),
    live(3),
    live(4, 'Queued', { metrics: {}, sparks: {}, reason: 'waits for 1 core · 1 before it' }),
  ];
  const shown = await showPanel(rows, { language: 'ja' });
  expect(english(shown.place)).toEqual([]);
  line(shown, 'digits-3').dispatchEvent(new MouseEvent('contextmenu', { bubbles: true }));
  await until(() => document.querySelector('[role=menuitem]') !== null, 'the menu is open');
  expect(english(document.body)).toEqual([]);

  const { server } = shown;
  server.refused.set('digits_3', 'it is Running: cancel it first');
  const place = document.createElement('main');
  document.body.append(place);
  const actions = new RunActions(
    new Api({ baseUrl: '/', fetch: server.fetch, said: text => Promise.resolve(saidHere(text)) }),
    new PageDialogs(place, translateInto('ja')),
    {},
    translateInto('ja'),
    'ja',
  );
  for (const act of [
    () => actions.delete('w1', server.rows),
    () => actions.delete('w1', [live(3)]),
    () => actions.edit('w1', row(1)),
    () => actions.cancel('w1', [live(3), live(4)]),
  ]) {
    const done = act();
    await until(() => place.querySelector('dialog, [data-kind]') !== null, 'it is asked or told');
    expect(english(place)).toEqual([]);
    place.querySelector<HTMLElement>('dialog button[value=accept], dialog button:last-of-type')?.click();
    await done;
    expect(english(place)).toEqual([]);
    for (const notice of place.querySelectorAll('[data-kind]')) notice.remove();
  }
  place.remove();
});

function inJapanese(within: HTMLElement): RunActions {
  const translate = translateInto('ja');
  const api = new Api({ baseUrl: '/', fetch: new FakeRuns([]).fetch });
  return new RunActions(api, new PageDialogs(within, translate), {}, translate, 'ja');
}
