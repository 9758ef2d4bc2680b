/**
 * The filter's language: words, `status:failed`, `tag:x`, `experiment:y`, `notebook:z`, `lr>0.01`, `metric accuracy>0.9`.
 *
 * All parts must hold. A part that isn't understood is told and passed over: the list goes on being shown.
 */

import type { Status } from '../data/protocol';
import { fill } from '../i18n/fill';
import type { Row, RunQuery } from '../server/openapi';
import { fulfils, needsNumber, numberOf, readComparison } from './comparison';
import { STATUSES, statusesOf } from './stage';
import type { PanelWords } from './words';

/** Examples of all parts, with what they mean. */
export const EXAMPLES: readonly (readonly [keyof PanelWords['help'], string])[] = [
  ['text', 'digits'],
  ['quotes', '"two words"'],
  ['status', 'status:failed'],
  ['experiment', 'experiment:digits'],
  ['tag', 'tag:best=yes'],
  ['notebook', 'notebook:train'],
  ['compare', 'lr>0.01'],
  ['metric', 'metric accuracy>0.9'],
];

const KEYS = ['status', 'experiment', 'tag', 'notebook', 'metric'] as const;

type Key = (typeof KEYS)[number];

/** What one part asks of a run, and what of that a server can be asked. */
interface Part {
  matches(row: Row): boolean;
  readonly query?: RunQuery;
}

/** A part that isn't understood: why. */
interface Wrong {
  readonly problem: string;
}

/** What the reader asked for. */
export interface Filter {
  readonly isEmpty: boolean;
  /** What wasn't understood, in words. */
  readonly problems: readonly string[];
  matches(row: Row): boolean;
  /** What a server can choose by; the rest is left to `matches`. */
  readonly query: RunQuery;
}

/** Read what was typed. `statusWords`: the statuses' names in the reader's language. */
export function readFilter(
  text: string,
  words: PanelWords,
  statusWords: Readonly<Record<Status, string>>,
): Filter {
  const typed = tokens(text);
  const parts: Part[] = [];
  const problems: string[] = [];
  for (let i = 0; i < typed.length; i++) {
    const word = typed[i];
    if (!word) continue;
    let part = readPart(word, words, statusWords);
    if (part === 'metric') part = comparison(typed[++i]?.text ?? '', true, words, word.text);
    if ('problem' in part) problems.push(part.problem);
    else parts.push(part);
  }
  return {
    isEmpty: parts.length === 0,
    problems,
    matches: row => parts.every(part => part.matches(row)),
    query: parts.reduce<RunQuery>((all, { query = {} }) => merged(all, query), {}),
  };
}

interface Token {
  readonly text: string;
  readonly isQuoted: boolean;
}

function tokens(text: string): Token[] {
  return (text.match(/(?:"[^"]*"?|[^\s"])+/gu) ?? [])
    .map(raw => ({ text: raw.replaceAll('"', ''), isQuoted: raw.startsWith('"') }))
    .filter(token => token.text !== '');
}

function readPart(
  { text: word, isQuoted }: Token,
  words: PanelWords,
  statusWords: Readonly<Record<Status, string>>,
): Part | Wrong | 'metric' {
  if (isQuoted) return textPart(word);
  if (word === 'metric' || word === 'metric:') return 'metric';
  const [, name, value = ''] = /^(\p{L}+):(.*)$/su.exec(word) ?? [];
  if (name === undefined)
    return readComparison(word, false) ? comparison(word, false, words) : textPart(word);
  const key = KEYS.find(one => one === name.toLowerCase());
  if (!key)
    return { problem: fill(words.wrong.key, { word, key: name, known: KEYS.map(k => `${k}:`).join(', ') }) };
  if (value === '') return { problem: fill(words.wrong.value, { word, example: exampleOf(key) }) };
  if (key === 'metric') return comparison(value, true, words);
  return key === 'status' ? statusPart(word, value, words, statusWords) : ofKey(key, value);
}

function ofKey(key: 'experiment' | 'tag' | 'notebook', value: string): Part {
  if (key === 'experiment')
    // The server knows only whole names; here the beginning is enough, for the sake of whoever is still typing.
    return { matches: row => row.experiment.toLowerCase().startsWith(value.toLowerCase()) };
  if (key === 'notebook') {
    const wanted = value.toLowerCase();
    return { matches: row => row.cell?.notebook?.toLowerCase().includes(wanted) ?? false };
  }
  const [, name = value, wanted] = /^([^=]+)=(.*)$/su.exec(value) ?? [];
  const fits = (row: Row): boolean =>
    Object.hasOwn(row.tags, name) && (wanted === undefined || row.tags[name] === wanted);
  return { matches: fits, query: { tag: [value] } };
}

function statusPart(
  word: string,
  value: string,
  words: PanelWords,
  statusWords: Readonly<Record<Status, string>>,
): Part | Wrong {
  const asked = value.split(',').filter(one => one !== '');
  const found = asked.map(one => statusesNamed(one.toLowerCase(), statusWords));
  const unknown = asked.find((_, i) => found[i]?.length === 0);
  if (unknown !== undefined) {
    const known = ['running', 'queued', 'done', ...STATUSES].join(', ');
    return { problem: fill(words.wrong.status, { word, value: unknown, known }) };
  }
  const status = found.flat();
  return { matches: row => status.includes(row.status), query: { status } };
}

/** Statuses of a stage (`done`), or whose name begins so, in English or in the reader's language. */
function statusesNamed(value: string, statusWords: Readonly<Record<Status, string>>): readonly Status[] {
  if (value === 'running' || value === 'queued' || value === 'done') return statusesOf(value);
  return STATUSES.filter(status =>
    [status, statusWords[status]].some(name => name.toLowerCase().startsWith(value)),
  );
}

function textPart(word: string): Part {
  const wanted = word.toLowerCase();
  return { matches: row => wordsOf(row).includes(wanted), query: { text: wanted } };
}

/** What a text is looked for in: all that the server searches, and the experiment. */
function wordsOf(row: Row): string {
  const pairs = [...Object.entries(row.tags), ...Object.entries(row.parameters)];
  const texts = pairs.map(([name, value]) => `${name} ${value ?? ''}`);
  return [row.id, row.name, row.display_name, row.experiment, ...texts].join(' ').toLowerCase();
}

function comparison(word: string, isMetric: boolean, words: PanelWords, before = word): Part | Wrong {
  const read = readComparison(word, isMetric);
  const example = isMetric ? 'metric accuracy>0.9' : 'lr>0.01';
  if (!read) return { problem: fill(words.wrong.metric, { word: before, example }) };
  const { operator, value } = read;
  if (value === '') return { problem: fill(words.wrong.value, { word, example }) };
  if (needsNumber(operator) && Number.isNaN(numberOf(value)))
    return { problem: fill(words.wrong.number, { word, operator, value }) };
  return { matches: row => fulfils(row, read) };
}

function exampleOf(key: Key): string {
  return EXAMPLES.find(([, example]) => example.startsWith(key))?.[1] ?? '';
}

/** Both questions at once, as far as the server has room: it takes one text, and statuses as alternatives. */
function merged(all: RunQuery, one: RunQuery): RunQuery {
  const tag = [...(all.tag ?? []), ...(one.tag ?? [])];
  const status = all.status && one.status ? all.status.filter(s => one.status?.includes(s)) : undefined;
  return {
    ...one,
    ...all,
    ...(tag.length > 0 ? { tag } : {}),
    // An empty list would ask for all of them.
    ...(status && status.length > 0 ? { status } : {}),
  };
}
