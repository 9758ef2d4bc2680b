import { fill } from '../i18n/fill';
import { ServerError, type Api, type RankLogPart, type RunKey } from '../server/api';
import type { Connection, Following } from '../server/connection';
import type { LogSearch, MetricColumns, MetricQuery } from '../server/openapi';
import type { ServerWords } from '../server/words';
import { FramedSource } from './framed_source';
import { PROTOCOL } from './protocol';
import type { Disconnected, LogHits } from './source';

/** Of so many lines, the last ones, it is kept where they are. */
const MOST_HITS = 1000;

/** A run as the server tells of it: frames over the page's live stream, questions over REST. */
export class ServerSource extends FramedSource {
  override readonly fedBy = 'server';
  private readonly following: Following;
  /** Why it couldn't be followed, the last time that was so. */
  private refusal: string | null = null;
  private readonly endWatch: () => void;

  constructor(
    private readonly api: Api,
    private readonly connection: Connection,
    readonly key: RunKey,
    private readonly words: ServerWords,
  ) {
    super();
    this.endWatch = connection.onState(() => this.connectionChanged());
    this.following = connection.follow(key, {
      frame: (frame, buffers) => {
        if (this.problem === this.refusal) this.problem = null; // it can be followed again
        this.frame(frame, buffers);
      },
      error: (status, message) => this.refused(status, message),
    });
  }

  override get disconnected(): Disconnected | null {
    const { trouble } = this.connection;
    if (trouble === null || this.isLost || this.ended) return null;
    return { message: this.words[trouble], retry: () => this.connection.retry() };
  }

  override cancel(): void {
    this.api.cancel(this.key).catch((error: unknown) => this.failed(error));
  }

  readMetric(query: MetricQuery): Promise<MetricColumns> {
    return this.api.metric(this.key, query);
  }

  async searchLog(text: string, end: number, over: AbortSignal, rank = 0): Promise<LogHits> {
    let [count, ends] = [0, 0];
    let [lines, numbers]: [readonly number[], readonly number[]] = [[], []];
    for (let start: number | null = 0; start !== null && !over.aborted;) {
      const found: LogSearch = await this.api.searchLog(this.key, text, { start, end, rank });
      count += found.count;
      lines = [...lines, ...found.lines].slice(-MOST_HITS);
      numbers = [...numbers, ...found.numbers.map(number => ends + number)].slice(-MOST_HITS);
      ends += found.ends;
      start = found.next;
    }
    return { count, lines, numbers, ends };
  }

  readLog(start: number, end: number, rank = 0): Promise<Uint8Array> {
    return this.api.log(this.key, start, end, rank);
  }

  readRankLog(rank: number, start: number | null): Promise<RankLogPart> {
    return this.api.rankLog(this.key, rank, start);
  }

  override dispose(): void {
    super.dispose();
    this.endWatch();
    this.following.leave();
  }

  protected override get isReachable(): boolean {
    return this.connection.state === 'open';
  }

  protected override ask(_lastFrame: number, lacks: boolean): void {
    this.following.again(lacks);
  }

  protected override askLog(start: number, end: number): void {
    this.api.log(this.key, start, end).then(
      bytes => this.older(start, bytes),
      (error: unknown) => this.failed(error),
    );
  }

  protected override otherProtocol(protocol: number): string {
    return fill(this.words.olderServer, { server: String(protocol), page: String(PROTOCOL) });
  }

  private connectionChanged(): void {
    if (this.connection.state === 'open') this.heard(); // silence counts from here
    this.tellTrouble();
  }

  /** The server can't follow the run. */
  private refused(status: number, message: string): void {
    this.heard();
    if (status === 404) {
      this.following.leave();
      this.refuse(this.words.deleted);
      this.lose();
    } else {
      this.refusal = message;
      this.refuse(message);
    }
  }

  /** A question went wrong. What the connection says already isn't said twice. */
  private failed(error: unknown): void {
    if (error instanceof ServerError && error.status === 0 && this.connection.state !== 'open') return;
    this.refuse(error instanceof Error ? error.message : String(error));
  }
}
