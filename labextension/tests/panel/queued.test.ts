import { expect, test } from 'vitest';
import { live } from '../../dev/fake_runs';
import { find, until } from '../view/setup';
import { line, showPanel } from './setup';

test.each([
  [700, 'waits for 1 core · 2 before it', 'waits for 1 core'],
  [250, '2 before it', 'waits for 1 core'],
  [170, 'queued', 'queued'],
])(
  'a queued run says what it waits for, and how many are before it, at %i px',
  async (width, third, first) => {
    const queued = (number: number, reason: string) =>
      live(number, 'Queued', { metrics: {}, sparks: {}, reason });
    const shown = await showPanel(
      [queued(1, 'waits for 1 core'), queued(3, 'waits for 1 core · 2 before it')],
      { width },
    );
    const waits = (name: string): HTMLElement => find(line(shown, name), '.cellrun-run-time');
    await until(() => waits('digits-3').innerText === third, 'its room is known');
    expect(waits('digits-1').innerText).toBe(first);
    for (const name of ['digits-1', 'digits-3']) {
      expect(waits(name).scrollWidth).toBeLessThanOrEqual(waits(name).clientWidth);
      expect(find(line(shown, name), '.cellrun-run-name').clientWidth).toBeGreaterThan(30);
    }
    const title = find(line(shown, 'digits-3'), '.cellrun-state').title;
    expect(title).toBe('Queued · waits for 1 core · 2 before it');
    shown.server.change([queued(3, 'waits for 1 GPU')]);
    const next = width === 170 ? 'queued' : 'waits for 1 GPU';
    await until(() => waits('digits-3').innerText === next, 'the queue has moved');
    shown.server.change([live(3, 'Running', { metrics: {}, sparks: {} })]);
    await until(() => /^\d\d:\d\d$/.test(waits('digits-3').innerText), 'it runs');
  },
);

test('a run that is brought elsewhere says how far that is', async () => {
  const preparing = (reason: string) => live(1, 'Preparing', { metrics: {}, sparks: {}, reason });
  const shown = await showPanel([preparing('sending 1.2 of 4.0 GB')], { width: 700 });
  const time = find(line(shown, 'digits-1'), '.cellrun-run-time');
  await until(() => time.innerText === 'sending 1.2 of 4.0 GB', 'it is said');
  shown.server.change([preparing('')]);
  await until(() => time.innerText === 'preparing', 'nothing is known');
});
