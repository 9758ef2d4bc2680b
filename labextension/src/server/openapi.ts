/** What the server answers: made from openapi.yaml by `jlpm types`. Times are seconds since the epoch. */
export interface components {
  schemas: {
    readonly Refusal: {
      readonly message: string;
      readonly status: number;
      /** @description Why a run isn't known to be this user's own, in words. */
      readonly untrusted?: string;
    };
    /** @enum {unknown} */
    readonly Status:
      | 'NotStarted'
      | 'Preparing'
      | 'Queued'
      | 'Starting'
      | 'Running'
      | 'Finalizing'
      | 'CancelRequested'
      | 'NotResponding'
      | 'Completed'
      | 'Failed'
      | 'Canceled'
      | 'Damaged';
    readonly Time: number;
    readonly TimeOrNull: number | null;
    readonly Text: string | null;
    /** @description A number, a text, a bool or null; {"float"} or {"int"} for what JSON hasn't. */
    readonly Value:
      | (number | string | boolean | null)
      | {
          /** @enum {unknown} */
          readonly float: 'NaN' | 'Infinity' | '-Infinity';
        }
      | {
          readonly int: string;
        };
    readonly Version: {
      readonly version: string;
      /** @description Of the stream. */
      readonly protocol: number;
      /** @description The folder that Jupyter serves; null where notebooks aren't on a disk. */
      readonly root: string | null;
    };
    readonly Workspace: {
      readonly id: string;
      readonly name: string;
      readonly folder: string;
      readonly runs: number;
      /** @description When its latest run was made; null without runs. */
      readonly latest_at: TimeOrNull;
    };
    readonly Experiment: {
      readonly name: string;
      readonly runs: number;
      /** @description How many haven't ended. */
      readonly active: number;
      readonly latest_at: TimeOrNull;
    };
    /** @description A run as a list shows it. */
    readonly Row: {
      readonly id: string;
      readonly name: string;
      readonly number: number;
      readonly experiment: string;
      readonly display_name: string;
      /** @enum {unknown} */
      readonly kind: 'script' | 'command' | 'cell' | 'interactive';
      /** @description Azure ML's: azureml.scriptrun, null for an interactive run. */
      readonly type: Text;
      readonly target: string;
      readonly status: Status;
      /** @description Why it is in that state; of a queued run what it waits for, and how many are before it. */
      readonly reason: Text;
      readonly created_at: Time;
      readonly started_at: TimeOrNull;
      readonly ended_at: TimeOrNull;
      /** @description The id of the run that it is a child of: one of the same workspace that has started it, or of which it is a part. */
      readonly parent: Text;
      /** @description How many runs are children of it. */
      readonly children: number;
      readonly tags: {
        readonly [key: string]: Text;
      };
      readonly parameters: {
        readonly [key: string]: string;
      };
      /** @description The last value of each that is no table (of rows, of the column that is drawn), 50 at the most. */
      readonly metrics: {
        readonly [key: string]: Value;
      };
      /** @description Courses of the metrics asked for, 0 lowest to 255 highest; null is a gap. */
      readonly sparks: {
        readonly [key: string]: readonly (number | null)[];
      };
      readonly cell: RowCell | null;
    };
    /** @description The cell that a run was submitted from. */
    readonly RowCell: {
      readonly notebook: Text;
      readonly id: Text;
      /** @description blake3 of its text in UTF-8, 32 hex digits. */
      readonly source_hash: string;
    };
    readonly RunPage: {
      readonly runs: readonly Row[];
      /** @description How many runs fit the question, on all pages. */
      readonly total: number;
      /** @description False while the index is being made again: these are the newest read so far; ask again soon. */
      readonly is_complete: boolean;
    };
    readonly StatusChange: {
      readonly status: Status;
      readonly at: Time;
      readonly reason: Text;
    };
    /** @description Lines of a log that hold a text. */
    readonly LogSearch: {
      readonly count: number;
      /** @description Where the last 1 000 of them begin; byte offsets. */
      readonly lines: readonly number[];
      /** @description Which lines these are, counted from where it was looked. */
      readonly numbers: readonly number[];
      /** @description How many lines were looked through. */
      readonly ends: number;
      /** @description Where to go on; null when all was looked through. */
      readonly next: number | null;
    };
    readonly RunDetails: {
      readonly row: Row;
      readonly header: Header;
      /** @description What was submitted (run.json). */
      readonly record: {
        readonly [key: string]: unknown;
      };
      readonly history: readonly StatusChange[];
      /** @description What was recorded beside the job: packages, hardware, uncommitted changes. Null before it started. */
      readonly environment: {
        readonly [key: string]: unknown;
      } | null;
      /** @description What was captured with a cell; null for what is no cell. */
      readonly needs: readonly Need[] | null;
      /** @description Its inputs and outputs. */
      readonly data: readonly RunData[];
      /** @description What never changes about it. */
      readonly properties: {
        readonly [key: string]: string;
      };
      /** @description The models that it has registered, as `name:version`. */
      readonly models: readonly string[];
      /** @description Python that gets the run. */
      readonly code: string;
      readonly folder: string;
    };
    /** @description All that is said about a run besides metrics, log and images: what stands above its charts. */
    readonly Header: {
      readonly run_id: string;
      /** @description In its experiment, from 1: a run's colour comes from it. */
      readonly number: number;
      readonly name: string;
      readonly experiment: string;
      /** @description Its name. */
      readonly workspace: string;
      readonly status: Status;
      readonly target: string;
      readonly resources: string;
      readonly created_at: TimeOrNull;
      readonly started_at: TimeOrNull;
      readonly ended_at: TimeOrNull;
      readonly arguments: string;
      readonly tags: {
        readonly [key: string]: Text;
      };
      readonly error: RunError | null;
      /** @description What was captured with a cell: how many of the notebook's names, and all that was copied; null for what is no cell. */
      readonly captured?: {
        readonly names: number;
        readonly bytes: number;
      } | null;
      readonly interactive: boolean;
      readonly cancelable: boolean;
      /** @description Which start of it by its engine this is, from 1: more than once where that took its machine away, or lost it. */
      readonly attempt?: number;
      /** @description How many processes a distributed run is, each with a log of its own; 0 for any other. */
      readonly ranks?: number;
      readonly notes: readonly string[];
      /** @description Told by frames. */
      readonly elapsed_s?: number | null;
      /** @description Told by frames. */
      readonly log_size?: number;
    };
    /** @description Why a run failed. Only the message is always known. */
    readonly RunError: {
      readonly message: string;
      readonly where: Text;
      readonly exit: Text;
      readonly next: Text;
    };
    readonly RunData: {
      readonly name: string;
      /** @enum {unknown} */
      readonly side: 'input' | 'output';
      /** @description A registered dataset's name and version, else where it is. */
      readonly what: string;
      /** @description As what an output was registered; empty if it wasn't, or `what` says it. */
      readonly registered: string;
      /** @enum {unknown} */
      readonly mode: 'direct' | 'mount' | 'download' | 'upload';
      /** @description How many files it has, as far as that is noted. */
      readonly files: number | null;
      readonly bytes: number | null;
    };
    readonly Need: {
      readonly name: string;
      /** @description value, function, class, import, module, file, reference, state or environment. */
      readonly kind: string;
      /** @description A value's type and shape, a module's version. */
      readonly what: string;
      /** @description Where in the cell it is needed. */
      readonly place: string;
      /** @description Its size; 0 if it has none. */
      readonly bytes: number;
      /** @description How it was captured: value, source, import, copy, link … */
      readonly how: string;
      readonly note: string;
    };
    /** @enum {unknown} */
    readonly MetricKind: 'log' | 'row' | 'list' | 'table';
    /**
     * @description `number` as soon as it holds one, `text` if it holds texts alone, else `other`: true, false, nothing.
     * @enum {unknown}
     */
    readonly ColumnType: 'number' | 'text' | 'other';
    readonly MetricHead: {
      readonly name: string;
      readonly kind: MetricKind;
      readonly rows: number;
      readonly columns: readonly {
        readonly name: string;
        readonly type: ColumnType;
        /** @description Whether its numbers never turn, so that a line can be drawn over them. */
        readonly ordered: boolean;
        readonly last: Value;
      }[];
    };
    readonly MetricColumns: {
      readonly name: string;
      readonly kind: MetricKind;
      readonly rows: number;
      readonly x: string;
      readonly columns: readonly {
        readonly name: string;
        readonly type: ColumnType;
        readonly values: readonly Value[];
      }[];
      /** @description No row between the first and the last was left out. */
      readonly exact: boolean;
      readonly next: number;
      readonly damage: EventDamage;
    };
    /** @description Records of events that can't be read, the first ones each by itself: the metrics lack what they held. */
    readonly EventDamage: readonly string[];
    readonly RunFiles: {
      readonly files: readonly RunFile[];
      /** @description What isn't offered, and why: links, sockets. */
      readonly skipped: readonly {
        readonly name: string;
        readonly why: string;
      }[];
    };
    readonly RunFile: {
      readonly name: string;
      readonly size_bytes: number;
      readonly modified_at: Time;
      readonly mime: string;
      readonly preview: Preview | null;
    };
    /**
     * @description What a file can be shown as.
     * @enum {unknown}
     */
    readonly Preview:
      'image' | 'svg' | 'figure' | 'page' | 'pdf' | 'table' | 'markdown' | 'latex' | 'json' | 'text';
    /** @description The first rows of the tables, or of the arrays, in a file. */
    readonly Tables: {
      readonly tables: readonly FileTable[];
    };
    /** @description The first rows of a table in a file, or of an array. */
    readonly FileTable: {
      readonly title: string;
      readonly columns: readonly string[];
      readonly numeric: readonly boolean[];
      readonly rows: readonly (readonly (string | null)[])[];
      /** @description Null if nobody counted. */
      readonly rows_total: number | null;
      readonly columns_total: number;
      /** @description Of an array. */
      readonly shape?: readonly number[];
      readonly dtype?: string;
      /**
       * @description Why there are no rows.
       * @enum {unknown}
       */
      readonly why?: 'objects' | 'damaged';
    };
    readonly Target: {
      readonly name: string;
      /** @description Empty where it can't be read. */
      readonly kind: string;
      /** @description A host, a folder; empty for this machine. */
      readonly where: string;
      /** @description Whether it can be detached; `local` is always there. */
      readonly is_attached: boolean;
      readonly can: readonly (
        'queues' | 'cancels' | 'limits_time' | 'gpus' | 'shares_files' | 'shares_processes'
      )[];
      readonly why_unusable: Text;
      /** @description Of one that another user attached, what has to be trusted. */
      readonly others: {
        readonly kind: string;
        readonly settings: TargetSettings;
        readonly why: string;
      } | null;
      readonly fullness: Fullness | null;
      readonly heard_at: TimeOrNull;
      readonly why_not: Text;
      readonly since: TimeOrNull;
      /** @description Whether its answer is waited for: ask for the list again soon. */
      readonly is_asked: boolean;
      readonly next_try: TimeOrNull;
      /** @description Whether it isn't asked any more by itself, as it doesn't let this user in. */
      readonly is_paused: boolean;
      /** @description Why single runs can't be brought home, by id. */
      readonly problems: {
        readonly [key: string]: string;
      };
    };
    readonly Targets: {
      readonly targets: readonly Target[];
      /** @description Whether who asks may do more than look. */
      readonly may_change: boolean;
    };
    /** @description The kind's own; none is a secret. */
    readonly TargetSettings: {
      readonly [key: string]: unknown;
    };
    /** @description A target that isn't attached yet. */
    readonly Attachment: {
      readonly name: string;
      readonly kind: string;
      readonly settings?: TargetSettings;
    };
    /** @description What is wrong with a target that isn't attached, by its fields; where nothing is, what was found there. */
    readonly TargetCheck: {
      readonly problems: {
        readonly name: string;
        readonly kind: string;
        /** @description By setting. */
        readonly settings: {
          readonly [key: string]: string;
        };
        readonly others: string;
      };
      readonly findings: readonly Finding[];
    };
    /** @description How full a target was when it last answered. */
    readonly Fullness: {
      readonly capacity: Resources;
      readonly in_use: Resources;
      readonly running: number;
      readonly waiting: number;
    };
    /** @description What one run may ask for, or what runs hold. */
    readonly Resources: {
      readonly cpus: number;
      readonly gpus: number;
      readonly memory_bytes: number;
    };
    readonly TargetKind: {
      readonly name: string;
      readonly about: string;
      /** @description Why it can't be used here. */
      readonly why_not: string | null;
      readonly settings: readonly SettingAsked[];
    };
    /** @description A setting as a form asks for it. */
    readonly SettingAsked: {
      readonly name: string;
      readonly meaning: string;
      readonly is_needed: boolean;
      /** @enum {unknown} */
      readonly shape: 'text' | 'number' | 'list';
      /** @description The only texts that it takes, what leaving it out means first; none: any. */
      readonly choices: readonly string[];
    };
    /** @description One thing that a doctor has looked at. */
    readonly Finding: {
      readonly subject: string;
      readonly is_well: boolean;
      readonly text: string;
    };
    /** @description What deleting frees, or freed. */
    readonly Deletion: {
      readonly runs: readonly {
        readonly id: string;
        readonly name: string;
        readonly size_bytes: number;
        /** @description Why it stays. */
        readonly refused: Text;
      }[];
      readonly freed_bytes: number;
    };
    /** @description One line of a comparison: a value for each run, in their order; null where a run has none. */
    readonly Compared: {
      readonly name: string;
      readonly values: readonly Value[];
      readonly differs: boolean;
    };
    /** @description A code file of several runs. */
    readonly CodeFile: {
      readonly name: string;
      /** @description Equal for equal content; null where a run hasn't the file. */
      readonly hashes: readonly Text[];
      /** @description Null, too, for what is no text, or too much of it. */
      readonly texts: readonly Text[];
    };
    readonly Comparison: {
      readonly runs: readonly Row[];
      readonly parameters: readonly Compared[];
      readonly tags: readonly Compared[];
      /** @description Last values. */
      readonly metrics: readonly Compared[];
      /** @description target, python, git (head, with ` +n` for n files changed since) and the like. */
      readonly facts: readonly Compared[];
      /** @description The code of each run, its cell with the definitions captured with it, or its script. */
      readonly cells: readonly Text[];
      /** @description The other code files that aren't the same in all runs. */
      readonly files: readonly CodeFile[];
      /** @description By metric name, what is drawn: one series for each run that has it. */
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
    };
    /** @description What a view is told of a run, by a kernel or over the stream. `reset`: it forgets what it holds. */
    readonly Frame: {
      /** @constant */
      readonly type: 'frame';
      readonly protocol: number;
      /** @description Its number, from 0. */
      readonly frame: number;
      readonly reset: boolean;
      readonly header?: Header;
      readonly metrics?: readonly MetricPart[];
      readonly log?: LogPart;
      readonly images?: readonly ImagePart[];
      /** @description How many come with it. */
      readonly buffers?: number;
    };
    /** @description New rows of a metric: they replace what is held from `at` on, which is then `length` rows long. */
    readonly MetricPart: {
      readonly name: string;
      readonly kind: MetricKind;
      /** @description How many were logged. */
      readonly rows: number;
      readonly columns: readonly ColumnPart[];
      readonly at: number;
      readonly length: number;
      readonly attempts?: readonly Attempt[];
    };
    /** @description A column's new values: float64 in the buffer with this number, or text. */
    readonly ColumnPart: {
      readonly name: string;
      readonly type: ColumnType;
      /** @description False if its numbers turn, so that no line can be drawn over them. */
      readonly ordered?: boolean;
      readonly buffer: number | null;
      readonly text: readonly Text[] | null;
      readonly last: Value;
    };
    /** @description A start of the run by its engine but the first: its number, from 2, and where in a chart it begins. */
    readonly Attempt: readonly [number, number];
    /** @description Bytes `start` to `end` of a log of `size` bytes. */
    readonly LogPart: {
      readonly start: number;
      readonly end: number;
      readonly size: number;
      /** @description Whether they don't continue what was told before. */
      readonly reset: boolean;
      readonly buffer: number;
    };
    /** @description An image of the run, or a page that it displayed; without a buffer when it is too large to show, or was sent before. */
    readonly ImagePart: {
      readonly name: string;
      readonly path: string;
      readonly mime: string;
      readonly bytes: number;
      readonly buffer: number | null;
    };
    /** @description The stream's: rows that changed. `reset`: the list is to be loaded again, and `rows` is empty; `cursor` goes on from there. */
    readonly RowsNews: {
      /** @constant */
      readonly type: 'rows';
      readonly channel: number;
      readonly epoch: string;
      readonly cursor: number;
      readonly reset: boolean;
      readonly rows: readonly Row[];
      /** @description Ids of runs that are no longer there. */
      readonly gone: readonly string[];
    };
    /** @description The stream's: what the server can't do. Without a channel, the message itself was wrong. */
    readonly StreamRefusal: {
      /** @constant */
      readonly type: 'error';
      readonly channel: number | null;
      readonly status: number;
      readonly message: string;
    };
    /** @description The stream's: a sign of life. */
    readonly Pong: {
      /** @constant */
      readonly type: 'pong';
    };
    /** @description What a page says over the stream. `epoch`: as it was received, null at first; `frame`, `cursor`: the last one held, -1 for none. */
    readonly ToServer:
      | {
          /** @constant */
          readonly type: 'follow';
          readonly channel: number;
          readonly workspace: string;
          readonly run: string;
          readonly protocol: number;
          readonly epoch: Text;
          readonly frame: number;
        }
      | {
          /** @constant */
          readonly type: 'list';
          readonly channel: number;
          readonly workspace: string;
          readonly sparks: readonly string[];
          readonly epoch: Text;
          readonly cursor: number;
        }
      | {
          /** @constant */
          readonly type: 'leave';
          readonly channel: number;
        }
      | {
          /** @constant */
          readonly type: 'ping';
        };
    readonly RunQuery: {
      readonly experiment?: string;
      /** @description One of these. */
      readonly status?: readonly Status[];
      /** @description `name` or `name=value`; all of them. */
      readonly tag?: readonly string[];
      /** @description A part of its id, names, tags or parameters, in any case. */
      readonly text?: string;
      /** @description The path of the notebook it was submitted from. */
      readonly notebook?: string;
      /** @description The id of the run that it is a child of. */
      readonly parent?: string;
      /** @description Only runs that are no children. */
      readonly roots?: boolean;
      /** @description Metrics whose courses are wanted; `*`: the first that has one. */
      readonly spark?: readonly string[];
      readonly limit?: number;
      readonly offset?: number;
    };
    readonly MetricQuery: {
      readonly name: string;
      /** @description `step`, `time` or a column; left out: as the chart shows it. */
      readonly x?: string;
      /** @description The lowest x. */
      readonly from?: number;
      /** @description The highest x. */
      readonly to?: number;
      readonly points?: number;
      /** @description `next` of the answer before: only what came since. */
      readonly start?: number;
      /** @description So many rows at the most, from `start` on. */
      readonly count?: number;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type Refusal = components['schemas']['Refusal'];
export type Status = components['schemas']['Status'];
export type Time = components['schemas']['Time'];
export type TimeOrNull = components['schemas']['TimeOrNull'];
export type Text = components['schemas']['Text'];
export type Value = components['schemas']['Value'];
export type Version = components['schemas']['Version'];
export type Workspace = components['schemas']['Workspace'];
export type Experiment = components['schemas']['Experiment'];
export type Row = components['schemas']['Row'];
export type RowCell = components['schemas']['RowCell'];
export type RunPage = components['schemas']['RunPage'];
export type StatusChange = components['schemas']['StatusChange'];
export type LogSearch = components['schemas']['LogSearch'];
export type RunDetails = components['schemas']['RunDetails'];
export type Header = components['schemas']['Header'];
export type RunError = components['schemas']['RunError'];
export type RunData = components['schemas']['RunData'];
export type Need = components['schemas']['Need'];
export type MetricKind = components['schemas']['MetricKind'];
export type ColumnType = components['schemas']['ColumnType'];
export type MetricHead = components['schemas']['MetricHead'];
export type MetricColumns = components['schemas']['MetricColumns'];
export type EventDamage = components['schemas']['EventDamage'];
export type RunFiles = components['schemas']['RunFiles'];
export type RunFile = components['schemas']['RunFile'];
export type Preview = components['schemas']['Preview'];
export type Tables = components['schemas']['Tables'];
export type FileTable = components['schemas']['FileTable'];
export type Target = components['schemas']['Target'];
export type Targets = components['schemas']['Targets'];
export type TargetSettings = components['schemas']['TargetSettings'];
export type Attachment = components['schemas']['Attachment'];
export type TargetCheck = components['schemas']['TargetCheck'];
export type Fullness = components['schemas']['Fullness'];
export type Resources = components['schemas']['Resources'];
export type TargetKind = components['schemas']['TargetKind'];
export type SettingAsked = components['schemas']['SettingAsked'];
export type Finding = components['schemas']['Finding'];
export type Deletion = components['schemas']['Deletion'];
export type Compared = components['schemas']['Compared'];
export type CodeFile = components['schemas']['CodeFile'];
export type Comparison = components['schemas']['Comparison'];
export type Frame = components['schemas']['Frame'];
export type MetricPart = components['schemas']['MetricPart'];
export type ColumnPart = components['schemas']['ColumnPart'];
export type Attempt = components['schemas']['Attempt'];
export type LogPart = components['schemas']['LogPart'];
export type ImagePart = components['schemas']['ImagePart'];
export type RowsNews = components['schemas']['RowsNews'];
export type StreamRefusal = components['schemas']['StreamRefusal'];
export type Pong = components['schemas']['Pong'];
export type ToServer = components['schemas']['ToServer'];
export type RunQuery = components['schemas']['RunQuery'];
export type MetricQuery = components['schemas']['MetricQuery'];
