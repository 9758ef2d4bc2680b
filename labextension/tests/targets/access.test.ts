import axe from 'axe-core';
import { expect, test } from 'vitest';
import { FakeTargets } from '../../dev/fake_targets';
import { screenshot } from '../screenshot';
import { until } from '../view/setup';
import { button, card, fillIn, showTargets } from './setup';

async function grave(place: HTMLElement): Promise<unknown[]> {
  const { violations } = await axe.run(place, { resultTypes: ['violations'] });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => [id, nodes.map(node => node.html)]);
}

test.each(['light', 'dark'] as const)('axe-core finds nothing serious: %s', async theme => {
  document.documentElement.dataset.theme = theme;
  document.body.style.background = theme === 'dark' ? '#111' : '#fff';
  const shown = await showTargets();
  button(shown.place, 'Test box').click();
  await until(() => card(shown, 'box').innerText.includes('not well'), 'it was tested');
  const shoot = (name: string): Promise<void> => screenshot(`targets-${name}-${theme}`, shown.place);
  await shoot('list');
  expect(await grave(shown.place)).toEqual([]);
  shown.server.check = { ...shown.server.check, findings: shown.server.findings };
  const form = await fillIn(shown, { Name: 'gpu', Kind: 'ssh', host: 'me@gpu9' });
  button(form, 'Test').click();
  await until(() => form.innerText.includes('not well'), 'it was tested');
  await shoot('form');
  expect(await grave(shown.place)).toEqual([]);
  shown.server.check = {
    problems: { name: 'there is one already', kind: '', settings: { host: 'no host' }, others: '' },
    findings: [],
  };
  button(form, 'Test').click();
  await until(() => form.innerText.includes('there is one already'), 'it is said');
  await shoot('problems');
  expect(await grave(shown.place)).toEqual([]);
});

test.each([250, 700])('all is there at %i px', async width => {
  const shown = await showTargets(new FakeTargets(), { width });
  button(shown.place, 'Test box').click();
  await until(() => card(shown, 'box').innerText.includes('not well'), 'it was tested');
  await fillIn(shown, { Name: 'gpu', Kind: 'ssh', host: 'me@gpu9' });
  await screenshot(`targets-${width}-light`, shown.place);
  const body = shown.place.querySelector('.cellrun-targets-body')!;
  expect(body.scrollWidth).toBeLessThanOrEqual(body.clientWidth);
});

test('in Japanese', async () => {
  const shown = await showTargets(new FakeTargets(), { language: 'ja' });
  button(shown.place, 'box をテスト').click();
  await until(() => card(shown, 'box').innerText.includes('問題が 1 件あります'), 'it was tested');
  button(shown.place, 'ターゲットを追加').click();
  await until(() => shown.place.querySelector('form') !== null, 'the form is there');
  expect(shown.place.querySelector('form select')!.textContent).toContain('ssh：SSH で接続する自分のマシン');
  expect(card(shown, 'box').innerText).toContain('box は 0.4 秒で応答しました（ホスト名は gpu1）');
  expect(card(shown, 'lent').innerText).toContain('署名があなたのものではありません');
  await screenshot('targets-ja-light', shown.place);
});
