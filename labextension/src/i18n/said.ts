/** What Python says, in the reader's language. */

import found from './ja/found.json';
import refused from './ja/refused.json';
import texts from './ja/said.json';
import trouble from './ja/trouble.json';
import { Templates } from './templates';
import type { Translate } from './translate';

/**
 * Reasons of statuses, notes, next steps (`said.json`; what is rare of it, in `trouble.json`, doesn't go over a kernel's
 * socket), what a server refuses (`refused.json`), what targets are and their doctors find (`found.json`); `tests/test_said.py` holds them against Python's sources.
 */
const TEMPLATES = new Templates({ ...texts, ...trouble, ...refused, ...found });

/** A text of Python's in the language that `translate` knows; what isn't one of Python's stays as it is. */
export function said(text: string, translate: Translate): string {
  return TEMPLATES.said(text, translate);
}
