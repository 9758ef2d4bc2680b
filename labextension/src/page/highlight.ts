/** Syntax colours of Python and JSON. Loaded when there is code to be shown. */

import { highlightCode, tagHighlighter, tags } from '@lezer/highlight';
import { parser as json } from '@lezer/json';
import type { Parser } from '@lezer/common';
import { parser as python } from '@lezer/python';

/** A part of a line that has one look; `look` is empty for what has none. */
export interface Span {
  readonly text: string;
  readonly look: string;
}

export type Language = 'python' | 'json';

const PARSERS: Readonly<Record<Language, Parser>> = { json, python };

// What CodeMirror gives a colour of JupyterLab's, by the names of those colours.
const looks = tagHighlighter([
  { tag: [tags.comment], class: 'comment' },
  { tag: [tags.string, tags.special(tags.string)], class: 'string' },
  { tag: [tags.number], class: 'number' },
  { tag: [tags.bool, tags.null, tags.self, tags.atom], class: 'atom' },
  { tag: [tags.definition(tags.variableName), tags.definition(tags.className)], class: 'def' },
  { tag: [tags.function(tags.definition(tags.variableName))], class: 'def' },
  { tag: [tags.propertyName], class: 'property' },
  {
    tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword],
    class: 'keyword',
  },
  { tag: [tags.moduleKeyword, tags.modifier], class: 'keyword' },
  { tag: [tags.operator], class: 'operator' },
  { tag: [tags.meta], class: 'meta' },
]);

/** The lines of a text, each in parts of one look. Loaded when there is code to be shown. */
export function highlighted(text: string, language: Language): Span[][] {
  let line: Span[] = [];
  const lines = [line];
  highlightCode(
    text,
    PARSERS[language].parse(text),
    looks,
    (piece, look) => line.push({ text: piece, look }),
    () => lines.push((line = [])),
  );
  return lines;
}
