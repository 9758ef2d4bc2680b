import type { Metric } from '../../data/metric';
import type { RunSource } from '../../data/source';
import { canBeX, hasIndex, series, type Series } from '../../data/series';
import type { ChartContent } from './chart_card';
import { AS_LOGGED, type ChartOptions, type ChartXs } from './chart_options';
import { curvesOf, PALETTE, type Curve } from './curve';
import { readCurves } from './metric_reader';
import { coloursOf } from './run_colours';
import { saidHere } from '../said';
import { fill, type Words } from '../words';

/** A metric that grows is read over time no more often. */
const READ_AGAIN_MS = 2000;

/** Curves over time, as they were read. */
interface Timed {
  readonly curves: readonly Curve[];
  readonly rows: number;
  readonly at: number;
  readonly problem: string | null;
}

/** What the charts of a run show: each metric over its own x, over time, or over one of its columns. */
export class ChartContents {
  options: ChartOptions = AS_LOGGED;
  private readonly timed = new Map<string, Timed>();
  private readonly reading = new Set<string>();

  /** `came`: curves of a metric that had to be read are there. */
  constructor(
    private readonly source: RunSource,
    private readonly words: Words,
    private readonly came: (name: string) => void,
  ) {}

  /** What the charts can be over: what was logged as x, the time, and columns of theirs that a line can be over. */
  get xs(): ChartXs {
    const charts = [...this.source.state.metrics.values()].filter(metric => series(metric).kind === 'chart');
    const rows = charts.filter(metric => !hasIndex(metric));
    const logged = [...new Set(rows.map(metric => series(metric).x ?? ''))];
    const isOne = logged.length === 1 && rows.length === charts.length;
    const columns = rows.flatMap(metric => metric.columns.filter(canBeX)).map(({ name }) => name);
    const time = charts.length > 0 && this.source.readMetric ? ['time'] : [];
    const others = new Set([...time, ...columns]);
    const [asLogged = AS_LOGGED.x] = isOne ? logged : [];
    others.delete(asLogged);
    return {
      asLogged: rows.length < charts.length || isOne ? asLogged : this.words.asLogged,
      others: [...others],
    };
  }

  /** What a metric's chart shows now. */
  of(metric: Metric, series: Series, live: boolean): ChartContent {
    const content = this.chosen(metric, series, live);
    const { read } = content;
    return {
      ...content,
      curves: this.coloured(content.curves),
      read: read && (async (from, to) => this.coloured(await read(from, to))),
    };
  }

  private chosen(metric: Metric, series: Series, live: boolean): ChartContent {
    const { x } = this.options;
    if (x === AS_LOGGED.x) return this.asLogged(metric, series, live);
    if (x === 'time' && !metric.column(x) && this.source.readMetric)
      return this.overTime(metric, series, live);
    const column = metric.column(x);
    const isColumn = x !== series.x && column !== undefined && canBeX(column) && !hasIndex(metric);
    return isColumn ? this.overColumn(metric, series, live) : this.asLogged(metric, series, live);
  }

  private asLogged(metric: Metric, series: Series, live: boolean): ChartContent {
    const counted = hasIndex(metric);
    const x = counted ? 'step' : (series.x ?? 'step');
    return {
      ...this.common(metric, series, live, x),
      subtitle: series.subtitle && this.over(series.lines, series.x ?? '', ''),
      x: series.x ?? '',
      curves: curvesOf(metric, series),
      attempts: metric.attempts,
      counted,
    };
  }

  private overColumn(metric: Metric, series: Series, live: boolean): ChartContent {
    const { x } = this.options;
    const lines = [series.x ?? '', ...series.lines].filter(name => name !== x);
    const over = { x, lines };
    return {
      ...this.common(metric, { ...series, lines }, live, x),
      subtitle: this.over(lines, x, series.title),
      x,
      curves: curvesOf(metric, over),
      counted: false,
    };
  }

  private overTime(metric: Metric, series: Series, live: boolean): ChartContent {
    const found = this.timed.get(metric.name);
    if (found?.rows !== metric.rows)
      this.readSoon(metric, series, (found?.at ?? 0) + READ_AGAIN_MS - Date.now());
    if (!found) return this.asLogged(metric, series, live); // until it is there
    const { words } = this;
    const problem = found.problem;
    return {
      ...this.common(metric, series, live, 'time'),
      subtitle:
        problem === null
          ? this.over(series.lines, 'time', series.title)
          : fill(words.noSuchX, { x: 'time', why: problem }),
      x: 'time',
      curves: found.curves,
      counted: false,
      isTime: true,
    };
  }

  /** Curves in the run's colour, of several the first one. */
  private coloured(curves: readonly Curve[]): Curve[] {
    const [own = 0] = coloursOf([{ number: this.source.state.header?.number ?? 1 }]);
    return curves.map((curve, i) => ({ ...curve, colour: i < PALETTE ? (own + i) % PALETTE : own + i }));
  }

  /** Say what is over what; a line that has the chart's title isn't named twice. */
  private over(lines: readonly string[], x: string, title: string): string {
    const line = lines[0] === title ? undefined : lines[0];
    const { over, ofOver } = this.words;
    return lines.length === 1 && line !== undefined ? fill(ofOver, { line, x }) : fill(over, { x });
  }

  private common(
    metric: Metric,
    { title, lines }: Series,
    live: boolean,
    x: string,
  ): Pick<ChartContent, 'title' | 'live' | 'rows' | 'read'> {
    const read = this.source.readMetric?.bind(this.source);
    const { name } = metric;
    return {
      title,
      live,
      rows: metric.rows,
      read: read && ((from, to) => readCurves(read, { name, x, from, to }, lines, this.startedAt)),
    };
  }

  /** Read a metric after `wait` milliseconds, unless that is planned. */
  private readSoon(metric: Metric, series: Series, wait: number): void {
    if (this.reading.has(metric.name)) return;
    this.reading.add(metric.name);
    if (wait <= 0) void this.readTimed(metric, series);
    else setTimeout(() => void this.readTimed(metric, series), wait);
  }

  private async readTimed({ name, rows }: Metric, { lines }: Series): Promise<void> {
    const read = this.source.readMetric?.bind(this.source);
    if (!read) return;
    try {
      const curves = await readCurves(read, { name, x: 'time' }, lines, this.startedAt);
      this.timed.set(name, { curves, rows, at: Date.now(), problem: null });
    } catch (error) {
      const problem = saidHere(error instanceof Error ? error.message : String(error));
      this.timed.set(name, { curves: this.timed.get(name)?.curves ?? [], rows, at: Date.now(), problem });
    } finally {
      this.reading.delete(name);
      this.came(name);
    }
  }

  private get startedAt(): number {
    const { header } = this.source.state;
    return header?.started_at ?? header?.created_at ?? 0;
  }
}
