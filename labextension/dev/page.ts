import { PageDialogs } from '../src/actions/dialog';
import { RunActions } from '../src/actions/run_actions';
import { CommSource } from '../src/data/comm_source';
import { translateInto } from '../src/i18n/translate';
import { RunPage } from '../src/page/run_page';
import { RunPanel } from '../src/panel/run_panel';
import { Api } from '../src/server/api';
import type { Connection } from '../src/server/connection';
import { RunView } from '../src/view/run_view';
import { answers, fakeFetch } from './fake_api';
import { FakeKernel, HEADER } from './fake_kernel';
import { FakeRuns, LISTED } from './fake_runs';
import { SCENES } from './scenes';

const query = new URLSearchParams(location.search);
document.documentElement.dataset.theme = query.get('theme') ?? 'light';
document.documentElement.lang = query.get('lang') ?? 'en';
const main = document.getElementById('view');
const scene = SCENES[query.get('scene') ?? 'running'];
if (!main || !scene) throw new Error(`scene is one of ${Object.keys(SCENES).join(', ')}`);
main.style.maxWidth = `${query.get('width') ?? '1300'}px`;

const kernel = new FakeKernel();
if (query.get('page') === 'panel') {
  const language = document.documentElement.lang;
  const [translate, runs] = [translateInto(language), new FakeRuns(LISTED)];
  const api = new Api({ baseUrl: '/', fetch: runs.fetch });
  const places = { open: () => undefined, compare: () => undefined };
  const actions = new RunActions(api, new PageDialogs(main, translate), places, translate, language);
  const connection = runs as unknown as Connection;
  main.style.height = '560px';
  main.append(new RunPanel({ api, connection, actions, translate, language }).element);
} else if (query.get('page') === 'run') {
  const api = new Api({ baseUrl: '/', fetch: fakeFetch(answers()) });
  const key = { workspace: 'default', run: HEADER.run_id };
  const page = new RunPage(new CommSource(kernel), api, key, {
    actions: within => new RunActions(api, new PageDialogs(within, text => text), {}),
  });
  main.style.height = '800px';
  main.append(page.element);
} else {
  const source = new CommSource(kernel);
  source.hello();
  const inLab = { open: () => undefined, again: () => undefined, openTab: () => undefined };
  main.append(new RunView(source, { ...inLab, countOutputs: () => Promise.resolve(3) }).element);
}
kernel.tell({ reset: true, ...scene.start });
if (scene.tick) {
  let tick = 0;
  setInterval(() => scene.tick?.(kernel, tick++), 100);
}
