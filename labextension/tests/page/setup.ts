import { onTestFinished } from 'vitest';
import { answers, fakeFetch, type Answer } from '../../dev/fake_api';
import { FakeKernel, HEADER } from '../../dev/fake_kernel';
import { FakeRuns, live, row } from '../../dev/fake_runs';
import { SCENES } from '../../dev/scenes';
import { PageDialogs } from '../../src/actions/dialog';
import { RunActions } from '../../src/actions/run_actions';
import { CommSource } from '../../src/data/comm_source';
import type { RunSource } from '../../src/data/source';
import { RunPage, type RunPageOptions } from '../../src/page/run_page';
import { Api } from '../../src/server/api';
import type { Row } from '../../src/server/openapi';
import { find, until } from '../view/setup';

export const KEY = { workspace: 'default', run: HEADER.run_id };

/** Child runs as a sweep has them. */
export const CHILDREN = [
  row(1, child('lr-0.1', { lr: '0.1', depth: '4' }, { loss: 0.4123, accuracy: 0.81 })),
  row(2, child('lr-0.01', { lr: '0.01', depth: '4' }, { loss: 0.2917, accuracy: 0.89 })),
  live(3, 'Running', child('lr-0.001', { lr: '0.001', depth: '4' }, { loss: 0.9 })),
  live(4, 'Queued', child('lr-0.0001', { lr: '0.0001', depth: '4' }, {})),
];

function child(name: string, parameters: Row['parameters'], metrics: Row['metrics']): Partial<Row> {
  return { parent: HEADER.run_id, display_name: name, parameters, metrics, sparks: {} };
}

/** A run's page, the kernel that feeds its live parts, and what it asked a server that gives `known` answers. */
export interface ShownPage {
  readonly page: RunPage;
  readonly place: HTMLElement;
  readonly kernel: FakeKernel;
  readonly known: Map<string, Answer>;
  readonly asked: string[];
}

/** Show a run's page with a scene's first frame. `readMetric`: what a server would read, where there is one. */
export function showPage(
  scene = 'running',
  options: RunPageOptions = {},
  width = 1200,
  readMetric?: RunSource['readMetric'],
): ShownPage {
  const kernel = new FakeKernel();
  const source: CommSource & Pick<RunSource, 'readMetric'> = new CommSource(kernel);
  if (readMetric) source.readMetric = readMetric;
  const known = answers();
  const asked: string[] = [];
  const runs = options.stream instanceof FakeRuns ? options.stream : null;
  const others = fakeFetch(known, asked);
  const ask: typeof fetch = (input, init) =>
    runs && (input as string).includes('/runs?') ? runs.fetch(input, init) : others(input, init);
  const api = new Api({ baseUrl: '/', fetch: ask });
  const page = new RunPage(source, api, KEY, {
    actions: within => new RunActions(api, new PageDialogs(within, text => text), {}),
    ...options,
  });
  const place = document.createElement('main');
  Object.assign(place.style, { width: `${width}px`, height: '760px' });
  place.append(page.element);
  document.body.append(place);
  onTestFinished(() => {
    page.dispose();
    source.dispose();
    place.remove();
  });
  const start = SCENES[scene]?.start;
  if (start) kernel.tell({ reset: true, ...start });
  return { page, place, kernel, known, asked };
}

/** The tab with this name. */
export function tab(place: HTMLElement, name: string): HTMLElement {
  return [...place.querySelectorAll<HTMLElement>('[role=tab]')].find(one => one.innerText.startsWith(name))!;
}

/** The panel that is shown. */
export function panel(place: HTMLElement): HTMLElement {
  return find(place, '[role=tabpanel]:not([hidden])');
}

/** Wait until the panel that is shown says something. */
export async function says(place: HTMLElement, text: string): Promise<void> {
  await until(() => panel(place).innerText.includes(text), `the page says ${text}`);
}
