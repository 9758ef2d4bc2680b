import axe from 'axe-core';
import { describe, expect, test } from 'vitest';
import type { PageTab } from '../../src/view/actions';
import { card, settled, until } from '../view/setup';
import { FakeRuns } from '../../dev/fake_runs';
import { screenshot } from '../screenshot';
import { CHILDREN, panel, says, showPage, tab } from './setup';

const READY: Readonly<Record<PageTab, string>> = {
  metrics: 'loss',
  log: 'epoch  60',
  children: 'lr-0.1',
  details: 'learning_rate',
  outputs: 'outputs/model.pkl',
  code: '%%submit digits',
};

const TABS = Object.keys(READY) as PageTab[];

describe.each(['light', 'dark'] as const)('%s', theme => {
  test.each(TABS)('axe-core finds nothing serious: %s', async name => {
    document.documentElement.dataset.theme = theme;
    document.body.style.background = theme === 'dark' ? '#111' : '#fff';
    const { place } = showPage('running', { tab: name, stream: new FakeRuns(CHILDREN) });
    await says(place, READY[name]);
    if (name === 'metrics') await settled(place);
    else await until(() => place.querySelector('.cellrun-state svg') !== null, 'the header is drawn');
    const { violations } = await axe.run(place, { resultTypes: ['violations'] });
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(grave.map(({ id, nodes }) => [id, nodes.map(node => node.html)])).toEqual([]);
    await screenshot(`page-${name}-${theme}`, place);
  });
});

test('data that comes moves nothing that is there', async () => {
  const { place, kernel } = showPage('running');
  await card(place, 'loss');
  const where = (): DOMRect[] =>
    ['.cellrun-name', '[role=tablist]', '.cellrun-controls', '.cellrun-card'].map(selector =>
      place.querySelector(selector)!.getBoundingClientRect(),
    );
  const before = where();
  const tabs = tab(place, 'Code').getBoundingClientRect();
  kernel.tell({ metrics: { loss: { at: 60, columns: { step: [60], loss: [-1234.5] } } }, log: 'more\n' });
  await until(() => place.innerText.includes('−1,234.5'), 'the new value is drawn');
  expect(where()).toEqual(before);
  tab(place, 'Log').click();
  expect(tab(place, 'Code').getBoundingClientRect()).toEqual(tabs);
});

test.each([500, 320])('nothing sticks out at %i px', async width => {
  const { place } = showPage('long', {}, width);
  await card(place, 'waves');
  for (const name of ['Metrics', 'Log', 'Details', 'Outputs', 'Code']) {
    tab(place, name).click();
    await until(() => panel(place).getAttribute('aria-busy') !== 'true', `${name} is loaded`);
    expect(panel(place).getBoundingClientRect().right).toBeLessThanOrEqual(width + place.offsetLeft);
    expect(place.scrollWidth).toBeLessThanOrEqual(width);
  }
});
