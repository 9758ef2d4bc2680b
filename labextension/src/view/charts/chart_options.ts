/** How a reader wants the charts of a page. */
export interface ChartOptions {
  /** What the charts are over: `step` (or what was logged as x), `time`, or a column. */
  readonly x: string;
  /** 0, as it was logged, to 0.99. */
  readonly smoothing: number;
  /** Whether y is logarithmic. */
  readonly log: boolean;
}

/** What charts can be over. */
export interface ChartXs {
  /** What they are over as they were logged: `step`, or the column that all are over. */
  readonly asLogged: string;
  readonly others: readonly string[];
}

/** Charts as they were logged. */
export const AS_LOGGED: ChartOptions = { x: 'step', smoothing: 0, log: false };

/** The strongest smoothing that is offered: with 1 there would be no curve. */
const MOST_SMOOTHING = 0.99;

/** What the reader chose last on a surface (`run`, `compare`) in this browser tab. */
export function rememberedOptions(surface: string): ChartOptions {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key(surface)) ?? '{}') as Partial<ChartOptions>;
    return {
      x: typeof kept.x === 'string' ? kept.x : AS_LOGGED.x,
      smoothing: Math.min(Math.max(Number(kept.smoothing) || 0, 0), MOST_SMOOTHING),
      log: kept.log === true,
    };
  } catch {
    return AS_LOGGED; // a page without storage, or with something else in it
  }
}

/** Keep what the reader chose on a surface. */
export function rememberOptions(surface: string, options: ChartOptions): void {
  try {
    sessionStorage.setItem(key(surface), JSON.stringify(options));
  } catch {
    // a page without storage forgets
  }
}

function key(surface: string): string {
  return `cellrun:charts:${surface}`;
}
