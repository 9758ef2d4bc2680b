import axe from 'axe-core';
import { page, userEvent } from 'vitest/browser';
import { describe, expect, test, vi } from 'vitest';
import { SCENES } from '../../dev/scenes';
import { follow } from '../../src/widget';
import { FakeKernel } from '../../dev/fake_kernel';
import { card, find, path, show, text, until } from './setup';

const themes = ['light', 'dark'] as const;

async function settled(place: HTMLElement): Promise<void> {
  await until(() => place.querySelector('.cellrun-state svg') !== null, 'the header is drawn');
  if (place.querySelector('.cellrun-card')) await until(() => path(place) !== '', 'a chart is drawn');
  await new Promise(resolve => setTimeout(resolve, 150)); // one more drawing
}

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
  ] as const)('a picture to look at: %s, %i px', async (scene, width) => {
    document.documentElement.dataset.theme = theme;
    document.body.style.background = theme === 'dark' ? '#111' : '#fff';
    const { place } = show(scene, width);
    await settled(place);
    const file = await page.screenshot({
      element: place,
      path: `../../../tests/screenshots/view-${scene}-${theme}-${width}.png`,
    });
    expect(file).toContain(`view-${scene}-${theme}`);
  });
});

describe('theme', () => {
  test('a change is seen at once, without a drawing', async () => {
    document.documentElement.dataset.theme = 'light';
    const { place } = show('running');
    const shown = await card(place, 'sine');
    const line = shown.querySelector('.js-line')!;
    expect(getComputedStyle(line).stroke).toBe('rgb(25, 118, 210)');
    document.documentElement.dataset.theme = 'dark';
    await until(() => getComputedStyle(line).stroke === 'rgb(100, 181, 246)', 'the line has its dark colour');
    expect(getComputedStyle(find(place, '.cellrun')).backgroundColor).toBe('rgb(33, 33, 33)');
  });

  test("Lab's variables win", async () => {
    const { place } = show('running');
    document.body.style.setProperty('--jp-layout-color1', 'rgb(20, 20, 40)');
    document.body.style.setProperty('--jp-ui-font-color1', 'rgb(250, 250, 200)');
    try {
      await until(() => find(place, '.cellrun').dataset.theme === 'dark', 'the page is found dark');
      expect(getComputedStyle(find(place, '.cellrun')).backgroundColor).toBe('rgb(20, 20, 40)');
      expect(getComputedStyle(find(place, '.cellrun')).color).toBe('rgb(250, 250, 200)');
    } finally {
      document.body.removeAttribute('style');
    }
  });
});

describe('width', () => {
  test('beside each other, and under 640 px the log below the charts', async () => {
    const { place } = show('running');
    await settled(place);
    const box = (selector: string): DOMRect => find(place, selector).getBoundingClientRect();
    expect(box('.cellrun-log').left).toBeGreaterThanOrEqual(box('.cellrun-metrics').right);
    place.style.width = '600px';
    await until(() => box('.cellrun-log').top >= box('.cellrun-metrics').bottom, 'the log is below');
    expect(box('.cellrun-log').width).toBeGreaterThan(590);
  });

  test.each([1264, 800, 640, 500, 320])('nothing sticks out at %i px', async width => {
    const { place } = show('long', width);
    await settled(place);
    const right = find(place, '.cellrun').getBoundingClientRect().right;
    const out = [
      ...place.querySelectorAll<HTMLElement>(
        '.cellrun-header > *, .cellrun-card, .cellrun-log-footer > *, .cellrun-alert',
      ),
    ]
      .filter(element => element.getBoundingClientRect().right > right + 0.5)
      .map(element => element.className);
    expect(out).toEqual([]);
    expect(text(place, '.cellrun-elapsed')).toMatch(/^00:4\d$/);
  });
});

test('data that comes moves nothing that is there', async () => {
  const { place, kernel } = show();
  const shifts: number[] = [];
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) shifts.push((entry as PerformanceEntry & { value: number }).value);
  });
  kernel.tell({ reset: true, ...SCENES.live!.start });
  await card(place, 'loss');
  observer.observe({ type: 'layout-shift' });
  for (let tick = 0; tick < 30; tick++) {
    SCENES.live!.tick!(kernel, tick);
    await new Promise(resolve => setTimeout(resolve, 40));
  }
  kernel.tell({ header: { status: 'Completed', cancelable: false } });
  await until(() => text(place, '.cellrun-state') === 'Completed', 'the end is seen');
  observer.disconnect();
  expect(shifts.filter(value => value > 0.001)).toEqual([]);
});

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
      place.querySelectorAll('script, img[src], a, svg[onload], [data-commandlinker-command], #location'),
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
    await until(() => place.querySelectorAll('.cellrun-image').length === 2, 'the other is named');
    expect(text(place, '.cellrun-image:nth-child(2) p')).toBe('huge.png, 12.0 MB: too large to show here');
    expect(find(place, 'img[alt="confusion_2.png"]')).toBeTruthy();
    find(place, '.cellrun-image:first-child button:first-child').click();
    expect(find(place, 'img[alt="confusion_1.png"]')).toBeTruthy();
    expect(text(place, '.cellrun-image:first-child .cellrun-numbers')).toBe('1/2');
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
    for (const [url] of revoke.mock.calls) urls.delete(url);
    expect(urls.size).toBe(0);
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
