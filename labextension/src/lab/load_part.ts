/** Loads a part of the extension when it is first needed. */

import type { Translate } from '../i18n/translate';

/** What is said where a part of the extension can't be loaded. */
export const STALE = 'This page is older than the server: reload it.';

/**
 * Load a part of the extension that comes when it is first needed.
 *
 * Throws an Error that says to reload the page where it isn't there any more: the extension was updated meanwhile.
 */
export async function loadPart<Part>(load: () => Promise<Part>, translate: Translate): Promise<Part> {
  try {
    return await load();
  } catch (cause) {
    throw new Error(translate(STALE), { cause });
  }
}
