import axe from 'axe-core';
import { userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { SCENES } from '../../dev/scenes';
import { screenshot } from '../screenshot';
import { settled, show } from './setup';

const themes = ['light', 'dark'] as const;

describe.each(themes)('%s', theme => {
  test.each(Object.keys(SCENES))('axe-core finds nothing serious: %s', async scene => {
    document.documentElement.dataset.theme = theme;
    document.body.style.background = theme === 'dark' ? '#111' : '#fff';
    const { place } = show(scene);
    await settled(place);
    const { violations } = await axe.run(place, { resultTypes: ['violations'] });
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(grave.map(({ id, nodes }) => [id, nodes.map(node => node.html)])).toEqual([]);
  });

  test.each([
    ['running', 1264],
    ['running', 500],
    ['failed', 1264],
    ['long', 800],
    ['empty', 800],
    ['documents', 1264],
    ['documents', 500],
  ] as const)('nothing sticks out: %s, %i px', async (scene, width) => {
    document.documentElement.dataset.theme = theme;
    document.body.style.background = theme === 'dark' ? '#111' : '#fff';
    const { place } = show(scene, width);
    await settled(place);
    expect(place.scrollWidth).toBeLessThanOrEqual(width);
    await screenshot(`view-${scene}-${theme}-${width}`, place);
  });
});

test('every action is reached by keyboard, with a visible focus', async () => {
  const { place } = show('running');
  await settled(place);
  const reached = new Set<string>();
  for (let i = 0; i < 20; i++) {
    await userEvent.keyboard('{Tab}');
    const element = document.activeElement as HTMLElement;
    if (!place.contains(element)) continue;
    reached.add(element.getAttribute('aria-label') ?? element.innerText);
    expect(getComputedStyle(element).outlineStyle, element.className).toBe('solid');
  }
  for (const action of [
    'Cancel',
    'Metrics',
    'loss, 60 points, latest 0.1304',
    'Log',
    'following ▾',
    'Wrap',
    'Search',
    'Download',
  ]) {
    expect([...reached]).toContain(action);
  }
});
