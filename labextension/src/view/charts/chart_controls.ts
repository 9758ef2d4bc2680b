import { AS_LOGGED, type ChartOptions, type ChartXs } from './chart_options';
import type { Locale } from '../locale';
import { h } from '../dom';

/** How strongly curves can be smoothed. */
const SMOOTHINGS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/** What charts are over, how smooth they are, and whether y is logarithmic. */
export class ChartControls {
  readonly element: HTMLElement;
  private readonly x = h('select', { class: 'cellrun-select' });
  private readonly smoothing = h('select', { class: 'cellrun-select cellrun-numbers' });
  private readonly log: HTMLButtonElement;

  /** `changed` is called with what the reader chose. */
  constructor(
    private readonly locale: Locale,
    private options: ChartOptions,
    private readonly changed: (options: ChartOptions) => void,
  ) {
    const { words } = locale;
    this.x.addEventListener('change', () => this.choose({ x: this.x.value }));
    this.smoothing.addEventListener('change', () => this.choose({ smoothing: Number(this.smoothing.value) }));
    const press = {
      class: 'cellrun-button',
      title: words.logScaleTitle,
      on: { click: () => this.toggleLog() },
    };
    this.log = h('button', { type: 'button', ...press }, words.logScale);
    this.element = h(
      'div',
      { class: 'cellrun-controls', role: 'group', 'aria-label': words.chartControls },
      h('label', {}, words.xAxis, ' ', this.x),
      h('label', {}, words.smoothing, ' ', this.smoothing),
      this.log,
    );
    this.fillSmoothing();
    this.setXs({ asLogged: AS_LOGGED.x, others: [] });
  }

  /** Offer these. What was chosen elsewhere is kept: a run that has just begun may have it soon. */
  setXs({ asLogged, others }: ChartXs): void {
    const offered = [asLogged, ...others.filter(name => name !== AS_LOGGED.x)];
    const shown = [...this.x.options].map(option => option.text);
    if (offered.join('\n') !== shown.join('\n'))
      this.x.replaceChildren(
        ...offered.map((name, i) => h('option', { value: i === 0 ? AS_LOGGED.x : name }, name)),
      );
    this.show();
  }

  /** Show a choice that was made elsewhere. */
  setOptions(options: ChartOptions): void {
    this.options = options;
    this.fillSmoothing();
    this.show();
  }

  private fillSmoothing(): void {
    const offered = [...new Set([...SMOOTHINGS, this.options.smoothing])].sort((a, b) => a - b);
    if (offered.length === this.smoothing.options.length) return;
    const text = (value: number): string =>
      this.locale.format.tick(value, value * 10 === Math.round(value * 10) ? 0.1 : 0.01);
    this.smoothing.replaceChildren(...offered.map(value => h('option', { value }, text(value))));
  }

  private show(): void {
    const { x } = this.options;
    const isThere = [...this.x.options].some(option => option.value === x);
    this.x.value = isThere ? x : AS_LOGGED.x; // where there is no such x, charts are as they were logged
    this.smoothing.value = String(this.options.smoothing);
    this.log.setAttribute('aria-pressed', String(this.options.log));
  }

  private toggleLog(): void {
    this.choose({ log: !this.options.log });
  }

  private choose(part: Partial<ChartOptions>): void {
    this.options = { ...this.options, ...part };
    this.show();
    this.changed(this.options);
  }
}
