/** The server's REST routes: the one place that knows URLs. */

import type {
  Attachment,
  Comparison,
  Deletion,
  Experiment,
  Finding,
  LogSearch,
  MetricColumns,
  MetricHead,
  MetricQuery,
  Row,
  RunDetails,
  RunFiles,
  RunPage,
  RunQuery,
  TargetCheck,
  TargetKind,
  Targets,
  Version,
  Workspace,
} from './openapi';

/** Where the server is, and how to ask it. */
export interface Settings {
  /** The server's base URL, with a slash at its end: JupyterLab's, or the portal page's own. */
  readonly baseUrl: string;
  /** `fetch`, or what a test has in its place. */
  readonly fetch: typeof fetch;
  /** What the server says, in the reader's language. */
  readonly said?: (text: string) => Promise<string>;
}

/** A run by its workspace and its id: all that names it. */
export interface RunKey {
  readonly workspace: string;
  readonly run: string;
}

/** What a process of a distributed run has printed, from byte `start` on, of `size` bytes by now. */
export type RankLogPart = Readonly<{ start: number; size: number; bytes: Uint8Array }>;

/** The server's refusal, in its words; `status` 0: no answer came. 404 of the root: no server extension. */
export class ServerError extends Error {
  override readonly name = 'ServerError';

  constructor(
    readonly status: number,
    message: string,
    /** Of a run whose code nothing proves to be this user's own: what there is to know before it is run. */
    readonly untrusted = '',
  ) {
    super(message);
  }
}

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Of a rank's log, as much comes at once. */
const LOG_BYTES = 256 * 1024;

export class Api {
  constructor(private readonly settings: Settings) {}

  /** The address of the live stream, a websocket. */
  get streamUrl(): string {
    const url = new URL(`${this.settings.baseUrl}cellrun/api/stream`, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return url.href;
  }

  /** The address of the page that draws a figure by the whole plotly. */
  get figureUrl(): string {
    return `${this.settings.baseUrl}cellrun/figure`;
  }

  version(): Promise<Version> {
    return this.get('');
  }

  async workspaces(): Promise<readonly Workspace[]> {
    return (await this.get<{ workspaces: Workspace[] }>('workspaces')).workspaces;
  }

  async experiments(workspace: string): Promise<readonly Experiment[]> {
    return (await this.get<{ experiments: Experiment[] }>(`${inside(workspace)}/experiments`)).experiments;
  }

  runs(workspace: string, query: RunQuery = {}): Promise<RunPage> {
    return this.get(`${inside(workspace)}/runs`, { ...query });
  }

  run(key: RunKey): Promise<RunDetails> {
    return this.get(of(key));
  }

  async metrics(key: RunKey): Promise<readonly MetricHead[]> {
    return (await this.get<{ metrics: MetricHead[] }>(`${of(key)}/metrics`)).metrics;
  }

  metric(key: RunKey, query: MetricQuery): Promise<MetricColumns> {
    return this.get(`${of(key)}/metric`, { ...query });
  }

  /** Bytes `start` to `end` of the log. */
  async log(key: RunKey, start: number, end: number, rank = 0): Promise<Uint8Array> {
    const answer = await this.ask(`${of(key)}/log`, { offset: start, length: end - start, ...ofRank(rank) });
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** What a process of a distributed run has printed, from a byte on, as much as comes at once; its end for null. */
  async rankLog(key: RunKey, rank: number, start: number | null): Promise<RankLogPart> {
    const part = start === null ? {} : { offset: start, length: LOG_BYTES };
    const answer = await this.ask(`${of(key)}/log`, { ...part, ...ofRank(rank) });
    const [from, size] = ['X-Log-Start', 'X-Log-Size'].map(name => Number(answer.headers.get(name)));
    return { start: from ?? 0, size: size ?? 0, bytes: new Uint8Array(await answer.arrayBuffer()) };
  }

  /** Lines of a log that hold a text, between two bytes; a part of it at a time. */
  searchLog(
    key: RunKey,
    text: string,
    { start, end, rank }: { readonly start: number; readonly end: number; readonly rank: number },
  ): Promise<LogSearch> {
    return this.get(`${of(key)}/log/search`, { text, start, end, ...ofRank(rank) });
  }

  /** The address of the whole log, as a download; of a distributed run that of a rank's. */
  logUrl(key: RunKey, rank: number): string {
    return this.url(`${of(key)}/log`, { download: true, ...ofRank(rank) });
  }

  files(key: RunKey, of_: 'outputs' | 'snapshot'): Promise<RunFiles> {
    return this.get(`${of(key)}/${of_}`);
  }

  /** The address of a file: a download, or what can be shown of it (an image; the begin of a text). */
  fileUrl(key: RunKey, of_: 'outputs' | 'snapshot', name: string, preview = false): string {
    const path = name.split('/').map(encodeURIComponent).join('/');
    return this.url(`${of(key)}/${of_}/${path}`, preview ? { preview } : {});
  }

  /** All of a file. */
  async file(key: RunKey, of_: 'outputs' | 'snapshot', name: string): Promise<Response> {
    return this.checked(await this.send('GET', this.fileUrl(key, of_, name)));
  }

  /** What is shown of a file. */
  async preview(key: RunKey, of_: 'outputs' | 'snapshot', name: string): Promise<Response> {
    return this.checked(await this.send('GET', this.fileUrl(key, of_, name, true)));
  }

  /** The address of a zip archive of all files. */
  archiveUrl(key: RunKey, of_: 'outputs' | 'snapshot'): string {
    return this.url(`${of(key)}/archive`, { of: of_ });
  }

  compare(workspace: string, runs: readonly string[], x = 'step'): Promise<Comparison> {
    return this.get(`${inside(workspace)}/compare`, { run: runs, x });
  }

  /** The kinds of targets that the server has. */
  async targetKinds(): Promise<readonly TargetKind[]> {
    return (await this.get<{ kinds: TargetKind[] }>('target_kinds')).kinds;
  }

  /** A workspace's targets with what is known by now; with `again` all are asked anew, and a later list tells. */
  targets(workspace: string, again = false): Promise<Targets> {
    return this.get(`${inside(workspace)}/targets`, again ? { again } : {});
  }

  /** Test a target that isn't attached: what is wrong with its fields, or what is found there. */
  checkTarget(workspace: string, attachment: Attachment): Promise<TargetCheck> {
    return this.change('POST', `${inside(workspace)}/check_target`, attachment);
  }

  attachTarget(workspace: string, attachment: Attachment): Promise<Targets> {
    return this.change('POST', `${inside(workspace)}/targets`, attachment);
  }

  async detachTarget(workspace: string, name: string): Promise<void> {
    await this.change('DELETE', `${inside(workspace)}/targets/${encodeURIComponent(name)}`);
  }

  /** What the doctor of an attached target finds. */
  async examineTarget(workspace: string, name: string): Promise<readonly Finding[]> {
    const path = `${inside(workspace)}/targets/${encodeURIComponent(name)}/doctor`;
    return (await this.change<{ findings: Finding[] }>('POST', path)).findings;
  }

  cancel(key: RunKey): Promise<Row> {
    return this.change('POST', `${of(key)}/cancel`);
  }

  /** Submit the same snapshot again; what nothing proves to be this user's own only if they `trust` it. */
  again(key: RunKey, trust = false): Promise<Row> {
    return this.change('POST', `${of(key)}/again`, trust ? { trust } : {});
  }

  /** Change a run's display name and tags; a tag of null has no value, `remove_tags` go. */
  edit(
    key: RunKey,
    change: {
      display_name?: string;
      tags?: Readonly<Record<string, string | null>>;
      remove_tags?: readonly string[];
    },
  ): Promise<Row> {
    return this.change('PATCH', of(key), change);
  }

  /** Delete runs, or with `dry` say what that would free. */
  async delete(workspace: string, runs: readonly string[], dry: boolean): Promise<Deletion> {
    const done = await this.change<Deletion>('POST', `${inside(workspace)}/delete`, { runs, dry });
    const told = done.runs.map(async run => ({
      ...run,
      refused: run.refused && (await this.said(run.refused)),
    }));
    return { ...done, runs: await Promise.all(told) };
  }

  private url(path: string, query: Query = {}): string {
    const words = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? (value as readonly string[]) : [value]) {
        if (one !== undefined) words.append(name, String(one));
      }
    }
    const asked = words.toString();
    return `${this.settings.baseUrl}cellrun/api/${path}${asked === '' ? '' : `?${asked}`}`;
  }

  private async get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    return (await (await this.ask(path, query)).json()) as Answer;
  }

  private async ask(path: string, query: Query): Promise<Response> {
    return this.checked(await this.send('GET', this.url(path, query)));
  }

  private async change<Answer>(method: string, path: string, body: unknown = {}): Promise<Answer> {
    return (await this.checked(await this.send(method, this.url(path), body)).then(answer =>
      answer.json(),
    )) as Answer;
  }

  private async send(method: string, url: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { 'X-XSRFToken': xsrf() };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    try {
      return await this.settings.fetch(url, {
        method,
        headers,
        credentials: 'same-origin',
        cache: 'no-store',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new ServerError(0, await this.said(error instanceof Error ? error.message : String(error)));
    }
  }

  private async said(text: string): Promise<string> {
    return (await this.settings.said?.(text).catch(() => text)) ?? text; // its part couldn't be loaded
  }

  private async checked(answer: Response): Promise<Response> {
    if (answer.ok) return answer;
    const text = await answer.text();
    const isPage = answer.headers.get('Content-Type')?.includes('html') ?? false;
    let message = (isPage ? '' : text) || answer.statusText || `HTTP ${answer.status}`;
    let untrusted = '';
    try {
      ({ message, untrusted = '' } = JSON.parse(text) as { message: string; untrusted?: string });
    } catch {
      // not ours: a proxy's page, or a server without the extension
    }
    throw new ServerError(answer.status, await this.said(message), await this.said(untrusted));
  }
}

function inside(workspace: string): string {
  return `workspaces/${encodeURIComponent(workspace)}`;
}

/** The run's log is that of rank 0, also to a server that knows of no other. */
const ofRank = (rank: number): Query => (rank === 0 ? {} : { rank });

function of({ workspace, run }: RunKey): string {
  return `${inside(workspace)}/runs/${encodeURIComponent(run)}`;
}

/** Jupyter's token against forged requests: readable by pages of its own origin alone. */
function xsrf(): string {
  return /(?:^|;\s*)_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? '';
}
