import axe from 'axe-core';
import { page, userEvent } from 'vitest/browser';
import { expect, test } from 'vitest';
import { live, NOW, row } from '../../dev/fake_runs';
import { screenshot } from '../screenshot';
import { until } from '../view/setup';
import { filterBy, line, showPanel } from './setup';

const DRAWN = [
  live(3, 'Running', { metrics: { loss: 0.131 } }),
  live(5, 'Queued', { metrics: {}, sparks: {} }),
  row(4, { status: 'Failed', metrics: { loss: 1.031 }, sparks: { loss: [255, 200, 160, 90, 0] } }),
  row(2, { metrics: { loss: 0.124 } }),
  row(1, { status: 'Canceled', started_at: NOW - 12, ended_at: NOW, metrics: { loss: 0.61 } }),
  row(1, {
    experiment: 'example',
    created_at: NOW - 20_000,
    metrics: { sine: -0.544 },
    sparks: { sine: [128, 220, 255, 190, 100, 20, 0, 40, 140, 240, 255, 200, 110, 30, 0, 60] },
  }),
  ...Array.from({ length: 50 }, (_, i) =>
    row(i, {
      experiment: 'sweep-lr',
      created_at: NOW - 30_000 - i,
      metrics: { accuracy: 0.981 - i / 1000 },
      sparks: { accuracy: [0, 255] },
    }),
  ),
];

async function grave(place: HTMLElement): Promise<unknown[]> {
  const { violations } = await axe.run(place, { resultTypes: ['violations'] });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => [id, nodes.map(node => node.html)]);
}

test.each(['light', 'dark'] as const)('axe-core finds nothing serious: %s', async theme => {
  document.documentElement.dataset.theme = theme;
  document.body.style.background = theme === 'dark' ? '#111' : '#fff';
  const state = { collapsed: ['sweep-lr'] };
  const shown = await showPanel(DRAWN, { state, width: 330 });
  line(shown, 'digits-3').click();
  await userEvent.click(line(shown, 'digits-2'), { modifiers: ['Control'] });
  await screenshot(`panel-drawn-${theme}`, shown.place);
  expect(await grave(shown.place)).toEqual([]);
  const name = line(shown, 'digits-3').querySelector('.cellrun-run-link')!; // whose own name stays, as the line's time doesn't
  await userEvent.click(name, { button: 'right' });
  await until(() => shown.place.querySelector('[role=menu]') !== null, 'the menu is there');
  await screenshot(`panel-menu-${theme}`);
  expect(await grave(shown.place)).toEqual([]);
  await userEvent.keyboard('{Escape}');
  await filterBy(shown, 'status:wrong');
  await userEvent.click(page.getByRole('button', { name: 'What can be filtered by' }));
  await new Promise(resolve => setTimeout(resolve, 400));
  shown.server.become('retrying', Date.now() + 4000);
  await new Promise(resolve => setTimeout(resolve, 200));
  await screenshot(`panel-help-${theme}`, shown.place);
  expect(await grave(shown.place)).toEqual([]);
});

test.each(['light', 'dark'] as const)('the whole width of a page: %s', async theme => {
  document.documentElement.dataset.theme = theme;
  document.body.style.background = theme === 'dark' ? '#111' : '#fff';
  const tagged = DRAWN.map((one, i) => (i % 2 ? one : { ...one, tags: { best: null, dataset: 'digits' } }));
  const shown = await showPanel(tagged, { width: 1000 });
  await screenshot(`panel-wide-${theme}`, shown.place);
  expect(await grave(shown.place)).toEqual([]);
});
