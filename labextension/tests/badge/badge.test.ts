import axe from 'axe-core';
import { page, userEvent } from 'vitest/browser';
import { afterEach, expect, test, vi } from 'vitest';
import { Badge } from '../../src/badge/badge';
import { badgeWords, ENGLISH } from '../../src/badge/words';
import { translateInto } from '../../src/i18n/translate';
import type { RunKey } from '../../src/server/api';
import type { Row } from '../../src/server/openapi';
import css from '../../src/style/badge.css?inline';
import { Format } from '../../src/view/format';
import { wordsIn } from '../../src/view/words';
import { text, until } from '../view/setup';
import { cellRow } from './fake_runs';

const places: HTMLElement[] = [];

function show(row: Row, hasChanged = false, language = 'en', opened: RunKey[] = []): [Badge, HTMLElement] {
  const locale = {
    badge: badgeWords(translateInto(language)),
    words: wordsIn(language),
    format: new Format(language),
  };
  const badge = new Badge(locale, key => opened.push(key));
  badge.show({ key: { workspace: 'w', run: row.id }, row, hasChanged });
  const place = document.createElement('main');
  Object.assign(place.style, { position: 'relative', width: '600px', height: '60px' });
  const style = document.createElement('style');
  style.textContent = `${css} main { --jp-ui-font-color0: #000; --jp-ui-font-color2: #555; --jp-brand-color1: #1976d2;
    --jp-success-color1: #388e3c; --jp-error-color1: #d32f2f; --jp-cell-editor-background: #f5f5f5; }`;
  place.append(style, badge.element);
  document.body.append(place);
  places.push(place);
  return [badge, place];
}

afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

test('a running one has a name and a time that goes on', async () => {
  const [badge, place] = show(
    cellRow('digits-3', 'c1', { status: 'Running', started_at: Date.now() / 1000 - 42 }),
  );
  expect(text(place, '.cellrun-badge-name')).toBe('digits-3');
  expect(text(place, '.cellrun-badge-time')).toBe('00:42');
  await until(() => text(place, '.cellrun-badge-time') === '00:43', 'a second has passed');
  await expect.element(page.getByRole('button', { name: 'digits-3 Running' })).toBeVisible();
  badge.dispose();
  expect(place.querySelector('.cellrun-badge')).toBeNull();
});

test.each([
  ['Running', 'circle'],
  ['Completed', 'path'],
  ['Failed', 'path'],
  ['Canceled', 'path'],
] as const)('%s is a shape, a word and legible', async (status, shape) => {
  const [badge, place] = show(cellRow('digits-3', 'c1', { status, reason: 'it broke' }), true);
  expect(place.querySelector(`svg ${shape}`)).not.toBeNull();
  await expect
    .element(page.getByRole('button', { name: `digits-3 ${status} cell changed since` }))
    .toBeVisible();
  expect(badge.element.title).toContain(`digits-3 · ${status} · it broke · experiment digits`);
  const { violations } = await axe.run(place, { resultTypes: ['violations'] });
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
});

test('an ended one has no time; what changed is said, and no longer when it is undone', () => {
  const row = cellRow('digits-3', 'c1', { status: 'Failed' });
  const [badge, place] = show(row, true);
  expect(text(place, '.cellrun-badge-changed')).toBe('cell changed since');
  badge.show({ key: { workspace: 'w', run: row.id }, row, hasChanged: false });
  expect(text(place, '.cellrun-badge-changed')).toBe('');
  expect(text(place, '.cellrun-badge-time')).toBe('');
});

test('a click or a key opens the run', async () => {
  const opened: RunKey[] = [];
  const [badge] = show(cellRow('digits-3', 'c1'), false, 'en', opened);
  badge.element.click();
  badge.element.focus();
  await userEvent.keyboard('{Enter}');
  expect(opened).toEqual(Array(2).fill({ workspace: 'w', run: 'digits-3' }));
});

test('one time alone ticks, whatever is shown in turn', () => {
  const clear = vi.spyOn(globalThis, 'setInterval');
  const row = cellRow('digits-3', 'c1', { status: 'Completed' });
  const [badge] = show(row);
  badge.show({ key: { workspace: 'w', run: row.id }, row, hasChanged: true });
  expect(clear).not.toHaveBeenCalled();
  clear.mockRestore();
});

test('each text has its Japanese', () => {
  const translate = translateInto('ja');
  for (const english of Object.values(ENGLISH) as string[])
    expect(translate(english), english).not.toBe(english);
  const [badge] = show(cellRow('digits-3', 'c1'), true, 'ja');
  expect(badge.element.innerText).toContain('セルは変更済み');
});
