import { follow } from '../src/widget';
import { FakeKernel } from './fake_kernel';
import { SCENES } from './scenes';

const query = new URLSearchParams(location.search);
document.documentElement.dataset.theme = query.get('theme') ?? 'light';
document.documentElement.lang = query.get('lang') ?? 'en';
const main = document.getElementById('view');
const scene = SCENES[query.get('scene') ?? 'running'];
if (!main || !scene) throw new Error(`scene is one of ${Object.keys(SCENES).join(', ')}`);
main.style.maxWidth = `${query.get('width') ?? '1300'}px`;

const kernel = new FakeKernel();
const run = follow(kernel, []);
run.show(main);
kernel.tell({ reset: true, ...scene.start });
if (scene.tick) {
  let tick = 0;
  setInterval(() => scene.tick?.(kernel, tick++), 100);
}
