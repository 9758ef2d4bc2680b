import type {
  ColumnPart,
  Frame,
  FromKernel,
  Header,
  ImagePart,
  LogPart,
  MetricKind,
  MetricPart,
  ToKernel,
  Value,
  WireBuffer,
} from '../src/data/protocol';
import type { Model } from '../src/data/comm_source';

/** A column as a test writes it down. */
export type Cells = readonly number[] | Float64Array | readonly (string | null)[];

/** New rows of a metric, as a test writes them down. */
export interface Rows {
  readonly kind?: MetricKind;
  readonly columns: Readonly<Record<string, Cells>> | ReadonlyMap<string, Cells>;
  readonly at?: number;
  readonly rows?: number;
  /** Whether it is sent as a table's texts. */
  readonly isTable?: boolean;
  /** Columns whose numbers turn. */
  readonly turning?: readonly string[];
  /** Latest values that stand before the end of their columns: those of processes that lag behind. */
  readonly last?: Readonly<Record<string, number>>;
}

/** What goes into one frame. */
export interface News {
  readonly reset?: boolean;
  readonly header?: Partial<Header>;
  readonly metrics?: Readonly<Record<string, Rows>> | ReadonlyMap<string, Rows>;
  readonly log?: string | Uint8Array;
  /** Where the log bytes go, if they don't follow the last ones. */
  readonly logPart?: Partial<LogPart>;
  readonly images?: readonly (Omit<ImagePart, 'buffer' | 'bytes'> & {
    data: Uint8Array | null;
    bytes?: number;
  })[];
}

type Receive = (content: FromKernel, buffers: WireBuffer[]) => void;

export const HEADER: Header = {
  run_id: 'digits_1795507200_0a1b2c3d',
  name: 'digits-3',
  experiment: 'digits',
  workspace: 'default',
  status: 'Running',
  target: 'local',
  resources: '1 cpu',
  created_at: 1795507200,
  started_at: 1795507201,
  ended_at: null,
  elapsed_s: 42,
  number: 1,
  arguments: '--learning_rate 0.001 --momentum 0.9',
  tags: {},
  error: null,
  captured: { names: 7, bytes: 1_234_567 },
  interactive: false,
  log_size: 0,
  cancelable: true,
  notes: [],
};

/** Stands for a kernel at the other end of a widget's comm: numbers its frames, remembers what it was told. */
export class FakeKernel implements Model {
  readonly sent: ToKernel[] = [];
  /** Whether it was restarted or shut down: its comms can't send any more. */
  isGone = false;
  readonly workspaceId = 'workspace';
  private readonly receivers = new Set<Receive>();
  private header: Header = HEADER;
  private nextFrame = 0;
  private logEnd = 0;

  get(name: 'workspace_id' | 'run_id'): string {
    return name === 'run_id' ? this.header.run_id : this.workspaceId;
  }

  send(content: ToKernel): void {
    if (this.isGone) throw new Error('Cannot send');
    this.sent.push(content);
  }

  on(_event: 'msg:custom', callback: Receive): void {
    this.receivers.add(callback);
  }

  off(_event: 'msg:custom', callback: Receive): void {
    this.receivers.delete(callback);
  }

  /** Whether someone still listens. */
  get heard(): boolean {
    return this.receivers.size > 0;
  }

  emit(content: FromKernel, buffers: WireBuffer[] = []): void {
    for (const receive of [...this.receivers]) receive(content, buffers);
  }

  /** Send a frame. */
  tell(news: News): void {
    this.emit(...this.frame(news));
  }

  /** A frame that gets lost on its way. */
  lose(news: News): void {
    this.frame(news);
  }

  private frame(news: News): [Frame, WireBuffer[]] {
    const buffers: WireBuffer[] = [];
    if (news.header) this.header = { ...this.header, ...news.header };
    const frame: Frame = {
      ...{ type: 'frame', protocol: 1, frame: this.nextFrame++, reset: news.reset ?? false },
      ...(news.header ? { header: this.header } : {}),
      metrics: entries(news.metrics ?? {}).map(([name, rows]) => metricPart(name, rows, buffers)),
      ...(news.log === undefined ? {} : { log: this.logPart(news.log, news.logPart ?? {}, buffers) }),
      images: (news.images ?? []).map(({ data, ...image }) => ({
        ...image,
        bytes: image.bytes ?? data?.length ?? 0,
        buffer: data ? buffers.push(data) - 1 : null,
      })),
    };
    return [frame, buffers];
  }

  private logPart(text: string | Uint8Array, part: Partial<LogPart>, buffers: WireBuffer[]): LogPart {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    const start = part.start ?? this.logEnd;
    this.logEnd = start + bytes.length;
    return {
      start,
      end: this.logEnd,
      size: this.logEnd,
      reset: false,
      buffer: buffers.push(bytes) - 1,
      ...part,
    };
  }
}

function metricPart(name: string, rows: Rows, buffers: WireBuffer[]): MetricPart {
  const columns = entries(rows.columns).map(([column, cells]) => ({
    ...columnPart(column, cells, rows.isTable ?? false, buffers),
    ...(rows.turning?.includes(column) ? { ordered: false } : {}),
    ...(rows.last?.[column] === undefined ? {} : { last: rows.last[column] }),
  }));
  const [first = []] = entries(rows.columns).map(([, cells]) => cells);
  const at = rows.at ?? 0;
  const length = at + first.length;
  return { name, kind: rows.kind ?? 'log', rows: rows.rows ?? length, columns, at, length };
}

function columnPart(name: string, cells: Cells, isTable: boolean, buffers: WireBuffer[]): ColumnPart {
  const text = Array.from<number | string | null>(cells);
  const numbers = text.filter(cell => typeof cell === 'number');
  const isNumbers = numbers.length === text.length;
  const asText = isTable || !isNumbers;
  const last: Value = encode(text.at(-1) ?? null);
  // As a message's part: not on an eighth byte.
  const bytes = new Uint8Array(8 * numbers.length + 3);
  bytes.set(new Uint8Array(Float64Array.from(numbers).buffer), 3);
  const buffer = !asText ? buffers.push(new DataView(bytes.buffer, 3)) - 1 : null;
  return {
    name,
    type: isNumbers ? 'number' : 'text',
    buffer,
    text: !asText ? null : text.map(cell => (cell === null ? null : String(cell))),
    last,
  };
}

function encode(value: number | string | null): Value {
  return typeof value === 'number' && !Number.isFinite(value)
    ? { float: Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity' }
    : value;
}

function entries<T>(record: Readonly<Record<string, T>> | ReadonlyMap<string, T>): [string, T][] {
  const map: ReadonlyMap<string, T> = record instanceof Map ? record : new Map(Object.entries(record));
  return [...map];
}
