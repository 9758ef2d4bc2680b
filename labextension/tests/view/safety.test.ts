import { describe, expect, test, vi } from 'vitest';
import { FakeKernel } from '../../dev/fake_kernel';
import { SCENES } from '../../dev/scenes';
import { follow } from '../../src/widget';
import { find, settled, show, text, until } from './setup';

describe('what users log is text', () => {
  const EVIL = [
    '<img src=x onerror="window.__pwned=1">',
    '</script><script>window.__pwned=1</script>',
    '<a href="javascript:window.__pwned=1">x</a>',
    '<svg onload="window.__pwned=1">',
    '<button data-commandlinker-command="evil" id="location">x</button>',
    '<b>bold</b>${7*7}{{7*7}}',
  ];

  test.each(EVIL)('%s', async evil => {
    const { place, kernel } = show();
    kernel.tell({
      reset: true,
      header: {
        name: evil,
        experiment: evil,
        target: evil,
        resources: evil,
        arguments: evil,
        status: 'Failed',
        error: { message: evil, where: evil, exit: evil, next: `try \`${evil}\`` },
        notes: [evil],
      },
      metrics: new Map([
        [
          evil,
          {
            columns: new Map([
              ['step', [0, 1]],
              [evil, [1, 2]],
            ]),
          },
        ],
        [
          `${evil} rows`,
          {
            kind: 'row' as const,
            columns: new Map([
              [evil, [0, 1]],
              [`${evil}2`, [1, 2]],
              [`${evil}3`, [2, 1]],
            ]),
          },
        ],
        [`${evil} tile`, { columns: { step: [0], value: [evil] } }],
        [
          `${evil} table`,
          {
            kind: 'table' as const,
            columns: new Map([
              ['row', ['0', '1']],
              [evil, [evil, evil]],
            ]),
          },
        ],
      ]),
      images: [
        {
          name: evil,
          path: evil,
          mime: 'image/svg+xml',
          data: new TextEncoder().encode(
            '<svg xmlns="http://www.w3.org/2000/svg" onload="window.__pwned=1"/>',
          ),
        },
      ],
      log: `${evil}\n\u001b]8;;javascript:window.__pwned=1\u0007link\u001b]8;;\u0007\n`,
    });
    await settled(place);
    expect(
      place.querySelectorAll(
        'script, img[src]:not([src^="data:image/svg+xml,"]), a, svg[onload], [data-commandlinker-command], #location',
      ),
    ).toHaveLength(0);
    expect('__pwned' in window).toBe(false);
    expect(text(place, '.cellrun-name')).toBe(evil);
    expect(find(place, '[role=log]').innerText).toContain(evil);
  });

  test('a picture is shown as what it is', async () => {
    const { place, kernel } = show();
    const canvas = document.createElement('canvas');
    const png = await new Promise<Blob>(resolve => canvas.toBlob(blob => resolve(blob!)));
    const data = new Uint8Array(await png.arrayBuffer());
    const image = { name: 'confusion', mime: 'image/png', data };
    kernel.tell({ reset: true, header: {}, images: [{ ...image, path: 'confusion_1.png' }] });
    await until(
      () => place.querySelector<HTMLImageElement>('img')?.naturalWidth === 300,
      'the picture is drawn',
    );
    kernel.tell({
      images: [
        { ...image, path: 'confusion_2.png' },
        { name: 'huge', path: 'huge.png', mime: 'image/png', data: null, bytes: 12_000_000 },
      ],
    });
    await until(() => place.querySelector('img[alt="confusion_2.png"]') !== null, 'the later is drawn');
    expect(text(place, '.cellrun-image:nth-child(2) p')).toBe('huge.png, 12.0 MB: not shown here');
    find(place, '.cellrun-image:first-child [aria-label=Previous]').click();
    await until(() => place.querySelector('img[alt="confusion_1.png"]') !== null, 'the earlier is drawn');
    expect(text(place, '.cellrun-image:first-child .cellrun-numbers')).toBe('1/2');
  });
});

test('nothing is left of a view that was taken away', async () => {
  const kernel = new FakeKernel();
  const run = follow(kernel, []);
  const el = document.createElement('div');
  document.body.append(el);
  const urls = new Set<string>();
  const create = vi.spyOn(URL, 'createObjectURL');
  const revoke = vi.spyOn(URL, 'revokeObjectURL');
  try {
    const first = run.show(el);
    const second = run.show(el);
    kernel.tell({
      reset: true,
      ...SCENES.running!.start,
      images: [{ name: 'p', path: 'p.png', mime: 'image/png', data: Uint8Array.of(1) }],
    });
    await until(() => el.querySelectorAll('.js-line').length === 6, 'both views are drawn');
    first();
    expect(el.children).toHaveLength(1);
    second();
    run.stop();
    expect(el.children).toHaveLength(0);
    for (const { value } of create.mock.results) urls.add(value as string);
    expect(urls.size).toBeGreaterThan(0);
    // a picture that is being loaded is let go of when it has
    const isLetGo = (url: string): boolean => revoke.mock.calls.some(([revoked]) => revoked === url);
    await until(() => [...urls].every(isLetGo), 'all URLs are revoked');
    expect(kernel.heard).toBe(false);
    kernel.tell({ header: { status: 'Completed' } });
    document.documentElement.dataset.theme = 'dark';
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(document.querySelectorAll('.cellrun')).toHaveLength(0);
  } finally {
    vi.restoreAllMocks();
    el.remove();
  }
});
