/** What the server answers (openapi.ts), and a run's header, which its stream tells as well. */

import type { Header } from '../data/protocol';
import type { RunDetails as Details } from './openapi';

export type * from './openapi';

/** All that is known of a run besides what it logged. */
export type RunDetails = Omit<Details, 'header'> & { readonly header: Header };
