import type { RunActions } from '../actions/run_actions';
import type { Api, RunKey } from '../server/api';
import type { Header } from '../data/protocol';
import type { RunDetails } from '../server/openapi';
import { h } from '../view/dom';
import { saidHere } from '../view/said';
import { copyButton } from './copy_button';
import { dataSection } from './data_section';
import { environmentSection } from './environment_section';
import { gitSection } from './git_section';
import { LoadedPane } from './loaded_pane';
import type { PageLocale } from './locale';
import { part, textOf, type Recorded } from './recorded';
import { facts, nothing, section, table } from './section';

/** What the details can do besides being read. */
export interface DetailsOptions {
  readonly actions?: RunActions | undefined;
  /** Show another run. */
  openRun?: ((run: string) => void) | undefined;
}

/** All that is known of a run besides what it logged. */
export class DetailsPane {
  readonly element: HTMLElement;
  private readonly pane: LoadedPane<RunDetails>;
  /** The state that is shown, the one that the run has, and the one for which it was loaded again. */
  private shown = '';
  private wanted = '';
  private asked = '';

  constructor(
    api: Api,
    private readonly key: RunKey,
    private readonly locale: PageLocale,
    private readonly options: DetailsOptions,
  ) {
    this.pane = new LoadedPane(
      locale.page,
      () => api.run(key),
      details => this.draw(details),
    );
    this.element = this.pane.element;
    this.element.classList.add('cellrun-details');
  }

  /** Load it, the first time. */
  open(): void {
    this.pane.open();
  }

  /** Say what the run's header is now: what is shown is loaded again if it is older. */
  follow(header: Header): void {
    this.wanted = stateOf(header);
    this.catchUp();
  }

  /** Once for each state: a server that tells another one isn't asked for ever. */
  private catchUp(): void {
    const { shown, wanted, asked } = this;
    if (shown === '' || wanted === '' || wanted === shown || wanted === asked) return;
    this.asked = wanted;
    this.pane.refresh();
  }

  private draw(details: RunDetails): Node[] {
    const { locale } = this;
    this.shown = stateOf(details.header);
    this.catchUp();
    return [
      h(
        'div',
        {},
        this.run(details),
        this.parameters(details),
        ...dataSection(details, locale),
        this.tags(details),
        ...this.properties(details),
        this.code(details),
      ),
      h('div', {}, this.history(details), gitSection(details, locale), environmentSection(details, locale)),
    ];
  }

  private run(details: RunDetails): HTMLElement {
    const { row, header, record, folder } = details;
    const { page, words, format } = this.locale;
    const at = (time: number | null): string => (time === null ? '' : format.dateTime(1000 * time));
    const cell = part(record, 'cell');
    return section(
      page.run,
      facts([
        [page.status, words.status[row.status]],
        [page.reason, row.reason === null ? null : saidHere(row.reason)],
        [page.experiment, row.experiment],
        [page.workspace, header.workspace],
        [page.kind, page.kinds[row.kind]],
        [page.target, [header.target, saidHere(header.resources)].filter(Boolean).join(' · ')],
        [page.options, pairsOf(part(record, 'options'))],
        [page.attempt, (header.attempt ?? 1) > 1 ? String(header.attempt) : null],
        [page.created, at(row.created_at)],
        [page.started, at(row.started_at)],
        [page.ended, at(row.ended_at)],
        [page.notebook, textOf(cell, 'notebook')],
        [page.script, textOf(record, 'script')],
        [page.source, textOf(record, 'source_directory')],
        [page.models, details.models.join(', ')],
        [page.partOf, this.link(row.parent ?? '')],
        [page.repeats, this.link(textOf(record, 'repeats'))],
        [page.arguments, header.arguments === '' ? null : h('code', {}, header.arguments)],
        [page.runId, h('code', {}, row.id)],
        [page.folder, h('code', {}, folder)],
      ]),
    );
  }

  private parameters({ row }: RunDetails): HTMLElement {
    const { page } = this.locale;
    const pairs = Object.entries(row.parameters);
    return section(page.parameters, pairs.length > 0 ? facts(pairs) : nothing(page.noParameters));
  }

  private tags({ row }: RunDetails): HTMLElement {
    const { page } = this.locale;
    const chips = Object.entries(row.tags).map(([name, value]) =>
      h('span', { class: 'cellrun-chip' }, value === null ? name : `${name}=${value}`),
    );
    const shown = chips.length > 0 ? h('div', { class: 'cellrun-chips' }, ...chips) : nothing(page.noTags);
    const { actions } = this.options;
    if (!actions) return section(page.tags, shown);
    const edit = h('button', { type: 'button', class: 'cellrun-button' }, page.edit);
    edit.addEventListener('click', () => {
      void actions.edit(this.key.workspace, row).then(changed => changed && this.pane.reload());
    });
    return section(page.tags, shown, edit);
  }

  private properties({ properties }: RunDetails): HTMLElement[] {
    const pairs = Object.entries(properties);
    return pairs.length > 0 ? [section(this.locale.page.properties, facts(pairs))] : [];
  }

  private code({ code }: RunDetails): HTMLElement {
    const { page } = this.locale;
    const text = h('code', { class: 'cellrun-snippet' }, code);
    return section(page.getRun, text, copyButton(text, page));
  }

  private history({ history }: RunDetails): HTMLElement {
    const { page, words, format } = this.locale;
    const rows = history.map(({ status, at, reason }) => [
      words.status[status],
      format.dateTime(1000 * at),
      saidHere(reason ?? ''),
    ]);
    return section(page.history, table(page.history, [page.status, page.time, page.reason], rows));
  }

  private link(run: string): Node | null {
    if (run === '') return null;
    const { openRun } = this.options;
    if (!openRun) return h('code', {}, run);
    return h('button', { type: 'button', class: 'cellrun-link', on: { click: () => openRun(run) } }, run);
  }
}

/** What of a run's state is in its details. */
function stateOf({ name, status, tags, attempt }: Header): string {
  return JSON.stringify([name, status, tags, attempt]);
}

/** What was recorded by names, in a line. */
function pairsOf(recorded: Recorded): string {
  return Object.keys(recorded)
    .map(name => `${name}=${textOf(recorded, name)}`)
    .join(' ');
}
