import { describe, expect, test, vi } from 'vitest';
import { find, show, text, until } from './setup';

async function png(width: number): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = Object.assign(document.createElement('canvas'), { width, height: 200 });
  const blob = await new Promise<Blob>(resolve => canvas.toBlob(made => resolve(made!)));
  return new Uint8Array(await blob.arrayBuffer());
}

/** As a frame has it: without its bytes it must be asked for. */
const logged = (path: string, data: Uint8Array | null = null) => ({
  ...{ name: 'noise', mime: 'image/png', bytes: 5_700_000 },
  path,
  data,
});

describe('an image logged again under its name', () => {
  test('replaces the one before when it has loaded, and the view keeps its height', async () => {
    const revoked = vi.spyOn(URL, 'revokeObjectURL');
    const { place, kernel, view } = show();
    const img = (): HTMLImageElement | null => place.querySelector('img');
    kernel.tell({ reset: true, header: {}, images: [logged('0.png'), logged('1.png', await png(100))] });
    await until(() => img()?.naturalWidth === 100, 'the first is shown');
    const [card, first] = [find(place, '.cellrun-image'), img()!];
    const height = card.offsetHeight;
    expect(height).toBeGreaterThan(200);
    const put: unknown[] = [];
    const watcher = new MutationObserver(() => put.push([img()?.complete, card.offsetHeight]));
    watcher.observe(card, { childList: true, subtree: true });
    for (const width of [101, 102, 103]) {
      const path = `${String(width)}.png`;
      kernel.tell({ images: [logged(path, await png(width))] });
      await until(() => img()?.alt === path, 'it is swapped');
      expect(img()?.naturalWidth).toBe(width);
    }
    watcher.disconnect();
    expect(new Set(put.map(each => JSON.stringify(each)))).toEqual(new Set([JSON.stringify([true, height])]));
    expect(revoked).toHaveBeenCalledWith(first.src);
    expect(revoked).toHaveBeenCalledTimes(3);
    view.dispose();
    expect(revoked).toHaveBeenCalledTimes(4);
    revoked.mockRestore();
  });

  test('that must be asked for leaves the one before until it is here; only what fails is said not to be', async () => {
    let answer!: (data: Uint8Array | Promise<Uint8Array>) => void;
    const readFile = vi.fn(
      () =>
        new Promise<Uint8Array>(resolve => {
          answer = resolve;
        }),
    );
    const { place, kernel } = show(undefined, 800, { readFile });
    const alt = (): string | undefined => place.querySelector('img')?.alt;
    const asked = (times: number): Promise<void> =>
      until(() => readFile.mock.calls.length === times, 'it is asked for');
    kernel.tell({ reset: true, header: {}, images: [logged('0.png'), logged('1.png')] });
    await asked(1);
    expect(place.querySelector('.cellrun-image p')).toBeNull();
    answer(await png(100));
    await until(() => alt() === '1.png', 'the first is shown');
    const height = find(place, '.cellrun-image').offsetHeight;
    kernel.tell({ images: [logged('2.png')] });
    await asked(2);
    expect([alt(), find(place, '.cellrun-image').offsetHeight]).toEqual(['1.png', height]);
    expect(place.querySelector('.cellrun-image p')).toBeNull();
    answer(Uint8Array.of(1)); // no PNG
    await until(() => alt() === '2.png', 'what is broken is shown as such');
    kernel.tell({ images: [logged('3.png')] });
    await asked(3);
    answer(Promise.reject(new Error('no such file')));
    await until(() => alt() === undefined, 'the one before is gone');
    expect(text(place, '.cellrun-image p')).toBe('3.png, 5.7 MB: not shown here');
  });

  test('faster than it can be had is shown as far as it is here, and none after a later one', async () => {
    const answers = new Map<string, (data: Uint8Array) => void>();
    const readFile = (path: string): Promise<Uint8Array> =>
      new Promise(resolve => {
        answers.set(path, resolve);
      });
    const { place, kernel } = show(undefined, 800, { readFile });
    const alt = (): string | undefined => place.querySelector('img')?.alt;
    const answer = async (path: string): Promise<void> => answers.get(path)!(await png(100));
    kernel.tell({ reset: true, header: {}, images: [logged('0.png')] });
    for (const path of ['1.png', '2.png', '3.png']) {
      kernel.tell({ images: [logged(path)] });
      await until(() => answers.has(path), 'it is asked for');
    }
    await answer('1.png');
    await until(() => alt() === '1.png', 'the first that is here is shown');
    await answer('3.png');
    await until(() => alt() === '3.png', 'the latest is shown');
    await answer('2.png');
    kernel.tell({ images: [logged('4.png')] });
    await until(() => answers.has('4.png'), 'it is asked for');
    expect(alt()).toBe('3.png');
  });
});
