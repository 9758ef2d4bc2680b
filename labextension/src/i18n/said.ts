/**
 * What Python says, in the reader's language: reasons of statuses, notes, next steps (`said.json`, what is rare of it in
 * `trouble.json`, which kernels don't send), and what a server refuses (`refused.json`).
 *
 * The catalogues' keys are templates of those texts; `tests/test_said.py` holds them against Python's sources. In one,
 * `{n}` and `{m}` stand for numbers, `{what}` for a text that is one of these too, `{why}` for one or for anybody's
 * words, `{status}` for a status, any other name for anybody's words, which stay as they are.
 */

import { fill } from './fill';
import refused from './ja/refused.json';
import texts from './ja/said.json';
import trouble from './ja/trouble.json';
import { addJapanese, type Translate } from './translate';

/** A text with gaps: `names` are those between its `parts`. */
interface Template {
  readonly english: string;
  readonly parts: readonly string[];
  readonly names: readonly string[];
}

const CATALOGUE = { ...texts, ...trouble, ...refused };
addJapanese(CATALOGUE);

const KEYS = Object.keys(CATALOGUE);
/** Between the items of a list, which may be a part of one text. */
const COMMA = ', ';
/** What stands between texts that were joined to one. */
const JOINTS = KEYS.filter(key => !/\w/.test(key) && key !== COMMA);
const WHOLE = new Set(KEYS);
/** The one that says most by itself is tried first. */
const TEMPLATES: readonly Template[] = KEYS.filter(key => key.includes('{'))
  .map(english => {
    const split = english.split(/\{(\w+)\}/);
    return {
      english,
      parts: split.filter((_, i) => i % 2 === 0),
      names: split.filter((_, i) => i % 2 === 1),
    };
  })
  .sort((one, other) => size(other) - size(one));
/** A longer text is somebody's own. */
const LONGEST = 4_000;

/** A text of Python's in the language that `translate` knows; what isn't one of Python's stays as it is. */
export function said(text: string, translate: Translate): string {
  return (text.length <= LONGEST ? translation(text, translate) : null) ?? text;
}

/** A text's translation; null for one that isn't known. */
function translation(text: string, translate: Translate): string | null {
  if (WHOLE.has(text)) return translate(text);
  for (const joint of JOINTS) {
    const joined = partsOf(text, joint, translate);
    if (joined !== null) return joined;
  }
  for (const template of TEMPLATES) {
    const filled = filledIn(text, template, translate);
    if (filled) return fill(translate(template.english), filled);
  }
  return partsOf(text, COMMA, translate);
}

/** The translation of a text that was joined of texts; null if it wasn't, or not all of them are known. */
function partsOf(text: string, joint: string, translate: Translate): string | null {
  const [first = '', ...rest] = text.split(joint);
  let joined = rest.length > 0 ? translation(first, translate) : null;
  for (const part of rest) {
    const next = joined === null ? null : translation(part, translate);
    joined = joined === null || next === null ? null : joined + translate(joint) + next;
  }
  return joined;
}

/** What fills a template's gaps in a text, translated; null if the text isn't made of it. */
function filledIn(
  text: string,
  { parts, names }: Template,
  translate: Translate,
): Record<string, string> | null {
  const [first = '', ...rest] = parts;
  if (!text.startsWith(first)) return null;
  let at = first.length;
  const found: Record<string, string> = {};
  for (const [i, name] of names.entries()) {
    const part = rest[i] ?? '';
    const isLast = i === names.length - 1;
    const end = isLast ? text.length - part.length : text.indexOf(part, at);
    if (end < at || !text.startsWith(part, end)) return null;
    const value = inGap(name, text.slice(at, end), translate);
    if (value === null) return null;
    found[name] = value;
    at = end + part.length;
  }
  return found;
}

function inGap(name: string, value: string, translate: Translate): string | null {
  if (name === 'n' || name === 'm') return /^[\d.,]+$/.test(value) ? value : null;
  if (name === 'status') return translate(value);
  if (name === 'what') return translation(value, translate);
  return name === 'why' ? said(value, translate) : value;
}

function size({ parts }: Template): number {
  return parts.join('').length;
}
