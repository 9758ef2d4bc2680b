/** The MIME type of an output that names a run, and how it is read. */

import type { RunKey } from '../server/api';

/** The MIME type of an output that shows a run; Python's half is `widgets/cellrun/widgets/run_details.py`. */
export const MIME_TYPE = 'application/vnd.cellrun.run.v1+json';

/** What an output of this version says is understood. */
export const MIME_VERSION = 1;

/** Which run an output shows, or why that can't be known. */
export type Reference =
  | { readonly kind: 'run'; readonly key: RunKey }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'damaged' };

/** What an output says of a run. */
export function referenceTo({ workspace, run }: RunKey): {
  version: number;
  workspace_id: string;
  run_id: string;
} {
  return { version: MIME_VERSION, workspace_id: workspace, run_id: run };
}

/** The rule of Python's `names.is_plain`: such a text leads nowhere else, in a folder or a URL. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;

/** Read what an output says. It may come from anyone: nothing of it is believed. */
export function readReference(data: unknown): Reference {
  if (typeof data !== 'object' || data === null) return { kind: 'damaged' };
  const { version, workspace_id: workspace, run_id: run } = data as Record<string, unknown>;
  if (typeof version === 'number' && version > MIME_VERSION) return { kind: 'newer', version };
  if (version !== MIME_VERSION || !isPlain(workspace) || !isPlain(run)) return { kind: 'damaged' };
  return { kind: 'run', key: { workspace, run } };
}

function isPlain(text: unknown): text is string {
  return typeof text === 'string' && PLAIN.test(text);
}
