/** How two runs' code differs, file after file. */

import { h } from '../view/dom';
import { hunks, linesThatDiffer } from './line_difference';

/** Two runs' code: what is at the left of a difference, and what is at the right. */
export interface Differing {
  readonly names: readonly [string, string];
  readonly parts: readonly DifferingPart[];
}

/** What two runs start with, or a file, of which both have something else. */
export interface DifferingPart {
  /** A file's name; empty where there is nothing but what the runs start with. */
  readonly name: string;
  /** What is said beside the name: which run has it, or why it isn't shown. */
  readonly note: string;
  /** Empty where a run hasn't the file; null where it isn't shown. */
  readonly code: readonly [string, string] | null;
}

/** How many lines differ, as far as they are shown. */
export function differingLines({ parts }: Differing): number {
  return parts.reduce((sum, { code }) => sum + (code === null ? 0 : linesThatDiffer(...code)), 0);
}

/** The lines in which two runs' code differs, with a few around, as `git diff` shows them: file after file. */
export function codeDifference({ names, parts }: Differing, label: string): HTMLElement {
  const line = (kind: string, text: string): HTMLElement => h('span', { data: { kind } }, text);
  const lines = parts.flatMap(({ name, note, code }) => [
    ...(name === '' ? [] : [line('file', note === '' ? name : `${name} · ${note}`)]),
    ...(code === null ? [] : hunks(...code)).flatMap((hunk, i) => [
      ...(i === 0 ? [] : [line('gap', '⋯')]),
      ...hunk.map(({ sign, text }) => line(sign, `${sign} ${text}`)),
    ]),
  ]);
  const heads = [line('-', `- ${names[0]}`), line('+', `+ ${names[1]}`)];
  const body = h('pre', { class: 'cellrun-diff', role: 'region', tabindex: 0, 'aria-label': label });
  body.append(h('b', {}, ...heads), ...lines);
  return body;
}
