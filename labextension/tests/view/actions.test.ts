import { describe, expect, test, vi } from 'vitest';
import type { Status } from '../../src/data/protocol';
import type { RunSource } from '../../src/data/source';
import type { PageTab } from '../../src/view/actions';
import { find, settled, show, text, until } from './setup';

const button = (place: HTMLElement, name: string): HTMLButtonElement | undefined =>
  [...place.querySelectorAll('button')].find(one => one.innerText === name && !one.hidden);

describe('what the surroundings can do', () => {
  test('is offered in the header and the footer', async () => {
    const done: string[] = [];
    const { place } = show('failed', 1264, {
      open: () => done.push('open'),
      again: () => void done.push('again'),
      openTab: (tab: PageTab) => done.push(tab),
      countOutputs: () => Promise.resolve(3),
    });
    await until(() => button(place, 'Outputs (3)') !== undefined, 'the outputs are counted');
    for (const name of ['Run again', 'Open ↗', 'Code', 'Outputs (3)', 'Details'])
      button(place, name)!.click();
    expect(done).toEqual(['again', 'open', 'code', 'outputs', 'details']);
  });

  test('is not offered where it isn’t there', async () => {
    const { place } = show('failed');
    await settled(place);
    for (const name of ['Run again', 'Open ↗', 'Code', 'Details'])
      expect(button(place, name)).toBeUndefined();
  });

  test('a run that goes on, and an interactive one, can’t be run again', async () => {
    for (const scene of ['running', 'sine']) {
      const { place, kernel } = show(scene, 1264, { again: () => undefined });
      await settled(place);
      expect(button(place, 'Run again')).toBeUndefined();
      kernel.tell({ header: { status: 'Completed', cancelable: false } });
      await until(() => text(place, '.cellrun-state') === 'Completed', 'it has ended');
      expect(button(place, 'Run again') !== undefined).toBe(scene === 'running');
      place.remove();
    }
  });

  test('child runs are told of as they come and go, and not followed once the view is gone', async () => {
    const opened: PageTab[] = [];
    let tell: (counts: ReadonlyMap<Status, number>) => void = () => undefined;
    const end = vi.fn();
    const { place, view } = show('running', 1264, {
      openTab: tab => opened.push(tab),
      followChildren: told => {
        tell = told;
        return end;
      },
    });
    await settled(place);
    const link = place.querySelector<HTMLButtonElement>('.cellrun-links button')!;
    tell(new Map());
    expect(link.hidden).toBe(true);
    tell(new Map<Status, number>().set('Completed', 1).set('Running', 1200));
    expect(link.innerText).toBe('Child runs: 1 Completed · 1,200 Running');
    link.click();
    expect(opened).toEqual(['children']);
    tell(new Map());
    expect(link.hidden).toBe(true);
    expect(end).not.toHaveBeenCalled();
    view.dispose();
    expect(end).toHaveBeenCalledOnce();
  });

  test('outputs are counted again while there may be more', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      let files = 1;
      const actions = { openTab: () => undefined, countOutputs: () => Promise.resolve(files) };
      const { place, kernel } = show('running', 1264, actions);
      await until(() => button(place, 'Outputs (1)') !== undefined, 'the outputs are counted');
      files = 2;
      vi.setSystemTime(Date.now() + 15_000);
      kernel.tell({ log: 'saved\n' });
      await until(() => button(place, 'Outputs (2)') !== undefined, 'they are counted again');
    } finally {
      vi.useRealTimers();
    }
  });

  test('outputs that can’t be counted are a link without a number', async () => {
    const { place } = show('running', 1264, {
      openTab: () => undefined,
      countOutputs: () => Promise.reject(new Error('away')),
    });
    await settled(place);
    expect(button(place, 'Outputs')).toBeDefined();
  });
});

describe('a failed run', () => {
  test('the line of its log that says why has the colour of errors', async () => {
    const { place, kernel } = show('failed');
    await settled(place);
    kernel.tell({ log: 'atexit: bye\n' });
    await until(() => find(place, '[role=log]').innerText.includes('bye'), 'the log is drawn');
    const line = find(place, '.cellrun-error-line');
    expect(line.innerText).toBe("ValueError: could not convert string to float: 'n/a'");
    expect(getComputedStyle(line).color).toBe(getComputedStyle(find(place, '.cellrun-state')).color);
  });

  test('what to do next is said in the reader’s language', async () => {
    document.documentElement.lang = 'ja';
    const { place, kernel } = show();
    const next = 'Free some space on the disk, then Run again.';
    kernel.tell({
      reset: true,
      header: { status: 'Failed', error: { message: 'OSError: disk', where: null, exit: null, next } },
    });
    await until(() => place.querySelector('[role=alert]') !== null, 'there is an alert');
    expect(text(place, '[role=alert]')).toContain('ディスクの空きを増やして');
  });
});

describe('a connection that is away', () => {
  test('is said with a way to try at once, and wipes nothing', async () => {
    const { place, source, kernel } = show('running');
    await settled(place);
    let tries = 0;
    let away: RunSource['disconnected'] = { message: 'Disconnected, retrying.', retry: () => tries++ };
    Object.defineProperty(source, 'disconnected', {
      get: () => away,
      configurable: true,
    });
    kernel.tell({ header: {} });
    await until(() => place.querySelector('[data-disconnected]') !== null, 'it is said');
    expect(text(place, '[data-disconnected]')).toBe('Disconnected, retrying. Retry now');
    expect(place.querySelectorAll('.cellrun-card')).not.toHaveLength(0);
    find(place, '[data-disconnected] button').click();
    expect(tries).toBe(1);
    away = null;
    kernel.tell({ header: {} });
    await until(() => place.querySelector('[data-disconnected]') === null, 'it is back');
  });
});
