/** What the server answers, as `labextension/cellrun/server/openapi.yaml` has it. Times are seconds since the epoch. */

import type { ColumnType, Header, Status, Value } from '../data/protocol';

/** A workspace of the user's registry. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly runs: number;
  /** When its latest run was made; null without runs. */
  readonly latest_at: number | null;
}

/** An experiment and how many runs it has; `active` of them haven't ended. */
export interface Experiment {
  readonly name: string;
  readonly runs: number;
  readonly active: number;
  readonly latest_at: number | null;
}

/** The cell that a run was submitted from. `source_hash`: blake3 of its text (UTF-8), hex, 32 digits. */
export interface RowCell {
  readonly notebook: string | null;
  readonly id: string | null;
  readonly source_hash: string;
}

/** A run as a list shows it. */
export interface Row {
  readonly id: string;
  readonly name: string;
  readonly number: number;
  readonly experiment: string;
  readonly display_name: string;
  readonly kind: 'script' | 'command' | 'cell' | 'interactive';
  /** Azure ML's: 'azureml.scriptrun' for a submitted run, null for an interactive one. */
  readonly type: string | null;
  readonly target: string;
  readonly status: Status;
  readonly reason: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  /** The run of the same workspace that has started it, or of which it is a part. */
  readonly parent: string | null;
  /** How many runs are children of it. */
  readonly children: number;
  readonly tags: Readonly<Record<string, string | null>>;
  readonly parameters: Readonly<Record<string, string>>;
  /** The last value of each metric that is no table (of rows: of the column that is drawn), 50 at the most. */
  readonly metrics: Readonly<Record<string, Value>>;
  /** Courses of the metrics asked for, at most 24 points each, 0 lowest to 255 highest; null is a gap. */
  readonly sparks: Readonly<Record<string, readonly (number | null)[]>>;
  readonly cell: RowCell | null;
}

export interface RunPage {
  readonly runs: readonly Row[];
  /** How many runs fit the question, on all pages. */
  readonly total: number;
  /** False while the server still makes its index, when the newest runs are all it knows: to be asked again soon. */
  readonly is_complete: boolean;
}

/** One change of a run's status. */
export interface StatusChange {
  readonly status: Status;
  readonly at: number;
  readonly reason: string | null;
}

/** Lines of a log that hold a text; `lines`: where the last 1,000 begin, `next`: where to go on. */
export interface LogSearch {
  readonly count: number;
  readonly lines: readonly number[];
  /** Which lines these are, and how many there are, counted from where it was looked. */
  readonly numbers: readonly number[];
  readonly ends: number;
  readonly next: number | null;
}

/** One line of the account of what was captured with a cell; `bytes` 0: it has no size of its own. */
export interface Need {
  readonly name: string;
  readonly kind: string;
  readonly what: string;
  readonly place: string;
  readonly bytes: number;
  readonly how: string;
  readonly note: string;
}

/** An input or output of a run; `files` and `bytes` are null until they are noted. */
export interface RunData {
  readonly name: string;
  readonly side: 'input' | 'output';
  readonly what: string;
  readonly registered: string;
  readonly mode: 'direct' | 'mount' | 'download' | 'upload';
  readonly files: number | null;
  readonly bytes: number | null;
}

/** All that is known of a run besides what it logged. */
export interface RunDetails {
  readonly row: Row;
  readonly header: Header;
  /** The run's record as it was submitted (`run.json`). */
  readonly record: Readonly<Record<string, unknown>>;
  readonly history: readonly StatusChange[];
  /** What was recorded beside the running job: packages, hardware, uncommitted changes. Null before it started. */
  readonly environment: Readonly<Record<string, unknown>> | null;
  /** Left out by servers that know of no data. */
  readonly data?: readonly RunData[];
  /** What never changes about it. Left out by servers that don't tell it. */
  readonly properties?: Readonly<Record<string, string>>;
  /** The models that it has registered, as `name:version`. Left out by servers that know of no models. */
  readonly models?: readonly string[];
  /** What was captured with a cell; null for what is no cell. */
  readonly needs: readonly Need[] | null;
  /** Python that gets the run: `Run.get(Workspace.get('…'), '…')`. */
  readonly code: string;
  readonly folder: string;
}

export interface MetricHead {
  readonly name: string;
  readonly kind: 'log' | 'row' | 'list' | 'table';
  readonly rows: number;
  readonly columns: readonly {
    readonly name: string;
    readonly type: ColumnType;
    readonly ordered: boolean;
    readonly last: Value;
  }[];
}

/** A metric's rows as columns, parallel. `exact`: none between the first and the last was left out. */
export interface MetricColumns {
  readonly name: string;
  readonly kind: MetricHead['kind'];
  readonly rows: number;
  readonly x: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: ColumnType;
    readonly values: readonly Value[];
  }[];
  readonly exact: boolean;
  /** Where to ask on: `start=<next>` gives only what came since. */
  readonly next: number;
}

export interface RunFile {
  readonly name: string;
  readonly size_bytes: number;
  readonly modified_at: number;
  readonly mime: string;
  readonly preview: Preview | null;
}

/** What a file can be shown as. */
export type Preview =
  'image' | 'svg' | 'figure' | 'page' | 'pdf' | 'table' | 'markdown' | 'latex' | 'json' | 'text';

/** The first rows of a table in a file, or of an array. */
export interface FileTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly numeric: readonly boolean[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** Null if nobody counted. */
  readonly rows_total: number | null;
  readonly columns_total: number;
  readonly shape?: readonly number[];
  readonly dtype?: string;
  /** Why there are no rows. */
  readonly why?: 'objects' | 'damaged';
}

export interface RunFiles {
  readonly files: readonly RunFile[];
  /** What isn't offered, and why: links, sockets. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
}

/** What deleting frees, or freed. `refused`: why a run stays. */
export interface Deletion {
  readonly runs: readonly {
    readonly id: string;
    readonly name: string;
    readonly size_bytes: number;
    readonly refused: string | null;
  }[];
  readonly freed_bytes: number;
}

/** One line of a comparison: a value for each run, in the order of the runs; null where a run has none. */
export interface Compared {
  readonly name: string;
  readonly values: readonly Value[];
  readonly differs: boolean;
}

/** A code file of several runs; a value for each run, in the order of the runs. */
export interface CodeFile {
  readonly name: string;
  /** Equal for equal content; null where a run hasn't the file. */
  readonly hashes: readonly (string | null)[];
  /** Null, too, for what is no text, or too much of it. */
  readonly texts: readonly (string | null)[];
}

export interface Comparison {
  readonly runs: readonly Row[];
  readonly parameters: readonly Compared[];
  readonly tags: readonly Compared[];
  /** Last values. */
  readonly metrics: readonly Compared[];
  /** target, python, git (head, with ` +n` for n files changed since) and the like. */
  readonly facts: readonly Compared[];
  /** What each run starts with: its cell with what was captured, or its script; null without either. */
  readonly cells: readonly (string | null)[];
  /** The other code files that aren't the same in all runs. */
  readonly files: readonly CodeFile[];
  /** By metric name, what is drawn: one series for each run that has it. */
  readonly curves: readonly {
    readonly name: string;
    readonly x: string;
    readonly y: string;
    readonly series: readonly {
      readonly run: string;
      readonly x: readonly (number | null)[];
      readonly y: readonly (number | null)[];
    }[];
  }[];
}

/** What the panel and others ask a list for. */
export interface RunQuery {
  readonly experiment?: string;
  readonly status?: readonly Status[];
  /** `name`, or `name=value`. */
  readonly tag?: readonly string[];
  readonly text?: string;
  readonly notebook?: string;
  /** The id of the run that they are children of. */
  readonly parent?: string;
  /** Only runs that are no children. */
  readonly roots?: boolean;
  /** Metrics whose courses are wanted; `*`: the first one that has a course. */
  readonly spark?: readonly string[];
  readonly limit?: number;
  readonly offset?: number;
}
