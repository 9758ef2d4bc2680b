import type { RunSource } from '../data/source';
import type { ViewActions } from '../view/actions';
import { ChartControls } from '../view/charts/chart_controls';
import { rememberedOptions, rememberOptions } from '../view/charts/chart_options';
import { h } from '../view/dom';
import type { Dirty } from '../view/charts/live_drawing';
import { MetricsPane } from '../view/metrics_pane';
import type { PageLocale } from './locale';

/** The surface whose chart options are remembered. */
const SURFACE = 'run';

/** The charts of a run over the whole width, and how they are drawn. */
export class MetricsTab {
  readonly element: HTMLElement;
  private readonly metrics: MetricsPane;
  private readonly controls: ChartControls;

  constructor(source: RunSource, locale: PageLocale, wake: () => void, actions: ViewActions) {
    const options = rememberedOptions(SURFACE);
    this.metrics = new MetricsPane(source, locale, wake, actions);
    this.metrics.setOptions(options);
    this.controls = new ChartControls(locale, options, chosen => {
      rememberOptions(SURFACE, chosen);
      this.metrics.setOptions(chosen);
    });
    const bar = h('div', { class: 'cellrun-bar' }, this.controls.element);
    this.element = h('div', { class: 'cellrun-metrics-tab' }, bar, this.metrics.element);
  }

  /** Draw what changed. */
  draw(dirty: Readonly<Dirty>): void {
    if (dirty.metrics.size > 0) this.controls.setXs(this.metrics.xs);
    this.metrics.draw(dirty);
  }

  dispose(): void {
    this.metrics.dispose();
  }
}
