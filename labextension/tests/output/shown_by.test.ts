import { expect, test, vi } from 'vitest';
import { shownBy } from '../../src/output/shown_by';
import { Api } from '../../src/server/api';

const KEY = { workspace: 'w', run: 'r' };

/** What reads files of a run whose file has so many bytes, as it says, and how it gets to be read no further. */
function reading(size: number): { readonly read: () => Promise<Uint8Array>; readonly cancel: () => void } {
  const cancel = vi.fn();
  let left = Math.min(size, 300);
  const body = new ReadableStream({
    pull: controller => {
      controller.enqueue(new Uint8Array(3));
      left -= 3;
      if (left === 0) controller.close();
    },
    cancel,
  });
  const answer = new Response(body, { headers: { 'Content-Length': String(size) } });
  const api = new Api({ baseUrl: '/', fetch: () => Promise.resolve(answer) });
  return {
    read: () =>
      shownBy(api, KEY).readFile?.('displayed/html_1.html') ?? Promise.reject(new Error('it reads none')),
    cancel,
  };
}

test('a file that a run displayed is read whole', async () => {
  expect(await reading(3).read()).toEqual(new Uint8Array(3));
});

test('one that no page could hold is not', async () => {
  const { read, cancel } = reading(1e12);
  await expect(read()).rejects.toThrow('too large');
  expect(cancel).toHaveBeenCalledOnce();
});
