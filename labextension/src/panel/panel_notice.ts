import { fill } from '../i18n/fill';
import { h } from '../view/dom';
import { withCode } from '../view/with_code';
import type { PanelLocale } from './locale';
import type { PanelWorkspaces } from './panel_workspaces';
import type { RunList } from './run_list';

/** Says why there are no lines, or that they couldn't be loaded. */
export class PanelNotice {
  readonly element: HTMLElement;
  private readonly text = h('span');
  private said = '';
  private readonly retry: HTMLButtonElement;
  private readonly clear: HTMLButtonElement;

  constructor(
    private readonly locale: PanelLocale,
    retry: () => void,
    clearFilter: () => void,
  ) {
    const { words } = locale;
    const button = { type: 'button', class: 'cellrun-link' };
    this.retry = h('button', { ...button, on: { click: retry } }, words.retry);
    this.clear = h('button', { ...button, on: { click: clearFilter } }, words.filterClear);
    this.element = h(
      'p',
      { class: 'cellrun-panel-notice', role: 'status' },
      this.text,
      this.retry,
      this.clear,
    );
  }

  /** `trouble`: why there is no connection, where the reader can do something. */
  draw(list: RunList, workspaces: Pick<PanelWorkspaces, 'problem' | 'named'>, trouble: string | null): void {
    const { words } = this.locale;
    const failure = workspaces.problem ?? list.problem;
    const isFiltered = list.rows.size > 0 && list.rows.shown === 0;
    const isEmpty = list.isLoaded && list.rows.size === 0;
    let text = '';
    if (failure !== null) text = fill(words.failed, { message: failure });
    else if (isFiltered) text = words.noMatch;
    else if (isEmpty) text = this.empty(workspaces.named);
    else if (trouble !== null) text = trouble;
    else if (list.rows.size === 0) text = words.loading;
    if (text !== this.said) this.text.replaceChildren(...withCode(text));
    this.said = text;
    this.element.hidden = text === '';
    this.retry.hidden = failure === null && (trouble === null || text !== trouble);
    this.clear.hidden = failure !== null || !isFiltered;
  }

  /** Where no config.json names another, `%%submit` takes the default workspace. */
  private empty(named: PanelWorkspaces['named']): string {
    const { words } = this.locale;
    if (named === null) return words.empty;
    return fill(words.emptyOther, { name: named.name, quoted: JSON.stringify(named.toGet) });
  }
}
