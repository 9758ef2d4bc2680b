import { onTestFinished, vi } from 'vitest';
import { FakeRuns } from '../../dev/fake_runs';
import type { Dialogs, Link, Question } from '../../src/actions/dialogs';
import type { Places } from '../../src/actions/places';
import { RunActions } from '../../src/actions/run_actions';
import { translateInto } from '../../src/i18n/translate';
import { RunPanel, type PanelOptions } from '../../src/panel/run_panel';
import { Api } from '../../src/server/api';
import type { Connection } from '../../src/server/connection';
import type { Row } from '../../src/server/openapi';
import { until } from '../view/setup';

/** Answers questions as a test says, and keeps what was asked and told. */
export class FakeDialogs implements Dialogs {
  readonly asked: Question[] = [];
  readonly told: [string, 'info' | 'error'][] = [];
  readonly links: Link[] = [];
  /** Null: the reader doesn't want to. */
  answer: readonly string[] | null = [];

  ask(question: Question): Promise<readonly string[] | null> {
    this.asked.push(question);
    return Promise.resolve(this.answer);
  }

  tell(text: string, kind: 'info' | 'error', link?: Link): void {
    this.told.push([text, kind]);
    if (link) this.links.push(link);
  }
}

export interface ShownPanel {
  readonly server: FakeRuns;
  readonly dialogs: FakeDialogs;
  readonly panel: RunPanel;
  readonly place: HTMLElement;
  readonly places: { [Name in keyof Required<Places>]: ReturnType<typeof vi.fn> };
}

/** Show a panel of these runs, and wait until its lines are there. */
export async function showPanel(
  rows: readonly Row[] | FakeRuns,
  {
    width = 330,
    height = 460,
    language = 'en',
    ...options
  }: Partial<PanelOptions> & { width?: number; height?: number } = {},
): Promise<ShownPanel> {
  const server = rows instanceof FakeRuns ? rows : new FakeRuns(rows);
  const dialogs = new FakeDialogs();
  const places = {
    open: vi.fn(),
    compare: vi.fn(),
    targets: vi.fn(),
    jumpToCell: vi.fn(),
    href: vi.fn(() => '#run'),
  };
  const { href, ...inLab } = places;
  const api = new Api({ baseUrl: '/', fetch: server.fetch });
  const translate = translateInto(language);
  const actions = new RunActions(api, dialogs, inLab, translate, language);
  const connection = server as unknown as Connection;
  const panel = new RunPanel({ api, connection, actions, translate, language, ...options });
  const place = document.createElement('main');
  Object.assign(place.style, { width: `${width}px`, height: `${height}px` });
  place.append(panel.element);
  document.body.append(place);
  const shown = { server, dialogs, panel, place, places: { ...inLab, href } };
  onTestFinished(() => {
    panel.dispose();
    place.remove();
  });
  if (server.rows.length > 0 && !server.failure)
    await until(() => lines(shown).length > 1, 'lines are shown');
  await drawn(); // values are fitted to their room before that
  return shown;
}

/** Wait until what is there was drawn. */
export async function drawn(): Promise<void> {
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
}

/** Wait until all runs are loaded, in one group: what isn't there can't be gone to. */
export async function allLoaded({ place, server }: ShownPanel): Promise<void> {
  const grid = place.querySelector('[role=treegrid]')!;
  await until(() => grid.ariaRowCount === String(server.rows.length + 1), 'all runs are loaded');
  await drawn(); // a busy Chromium scrolls no further than the list was when it drew it last
}

/** What a reader sees of the lines, from top to bottom: a group's or a run's name, each with what stands beside it. */
export function lines({ place }: { readonly place: HTMLElement }): string[] {
  return [...place.querySelectorAll<HTMLElement>('.cellrun-line')].map(line =>
    [...line.querySelectorAll<HTMLElement>('.cellrun-group-name, .cellrun-run-name')]
      .map(name => name.textContent.replace(/^[▾▸]\s*/u, '').trim())
      .join(' '),
  );
}

/** The line of a run or a group. */
export function line({ place }: { readonly place: HTMLElement }, name: string): HTMLElement {
  const found = [...place.querySelectorAll<HTMLElement>('.cellrun-line')].find(
    one => one.querySelector<HTMLElement>('.cellrun-group-label, .cellrun-run-name')?.innerText === name,
  );
  if (!found) throw new Error(`no line of ${name}`);
  return found;
}

/** Names of the selected runs in sight. */
export function selected({ place }: { readonly place: HTMLElement }): string[] {
  return [...place.querySelectorAll<HTMLElement>('[aria-selected="true"] .cellrun-run-name')].map(
    name => name.innerText,
  );
}

/** Type into the filter. */
export async function filterBy({ place }: { readonly place: HTMLElement }, text: string): Promise<void> {
  const input = place.querySelector('input')!;
  input.value = text;
  input.dispatchEvent(new Event('input'));
  await new Promise(requestAnimationFrame);
}
