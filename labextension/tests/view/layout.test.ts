import { describe, expect, test } from 'vitest';
import { SCENES } from '../../dev/scenes';
import { card, find, settled, show, text, until } from './setup';

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

test("Lab's rules for outputs don't reach in", async () => {
  const rules = document.createElement('style');
  // as in @jupyterlab/outputarea and rendermime
  rules.textContent = `
    .jp-OutputArea-output dl, .jp-OutputArea-output dt, .jp-OutputArea-output dd { display: block; }
    .jp-OutputArea-output dl { width: 100%; overflow: hidden; padding: 0; margin: 0; }
    .jp-OutputArea-output dt { font-weight: bold; float: left; width: 20%; padding: 0; margin: 0; }
    .jp-OutputArea-output dd { float: left; width: 80%; padding: 0; margin: 0; }`;
  document.head.append(rules);
  try {
    const { place } = show('running');
    place.className = 'jp-OutputArea-output';
    await settled(place);
    const [name, value, next] = ['dt', 'dd', 'div:nth-child(2) dt'].map(part =>
      place.querySelector(`.cellrun-tiles ${part}`)!.getBoundingClientRect(),
    );
    expect(value!.top).toBeGreaterThanOrEqual(name!.bottom);
    expect(value!.left).toBe(name!.left);
    expect(next!.top).toBe(name!.top);
  } finally {
    rules.remove();
  }
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

describe('the room below a cell', () => {
  const MOST = 0.7 * window.innerHeight;
  const heightOf = (place: HTMLElement): number => find(place, '.cellrun').getBoundingClientRect().height;
  const all = (place: HTMLElement): HTMLButtonElement =>
    find(place, '.cellrun-expandable-bar button') as HTMLButtonElement;
  const charts = (place: HTMLElement): DOMRect[] =>
    [...place.querySelectorAll('.cellrun-card')].map(chart => chart.getBoundingClientRect());
  const across = (place: HTMLElement): number => new Set(charts(place).map(({ left }) => left)).size;

  test.each(['twelve', 'many', 'tables', 'long', 'running', 'failed'])(
    'seven tenths of the window at the most: %s',
    async scene => {
      const { place } = show(scene);
      for (const width of [1264, 760, 560]) {
        place.style.width = `${width}px`;
        await settled(place);
        expect(heightOf(place)).toBeLessThanOrEqual(MOST + 0.5);
        const view = find(place, '.cellrun').getBoundingClientRect();
        expect(find(place, '.cellrun-footer').getBoundingClientRect().bottom).toBeLessThanOrEqual(
          view.bottom,
        );
      }
    },
  );

  test('twelve metrics are small multiples, all in sight where there is room', async () => {
    const { place } = show('twelve', 1264);
    await settled(place);
    expect(across(place)).toBe(3);
    const room = find(place, '.cellrun-metrics').getBoundingClientRect();
    expect(charts(place).every(({ bottom }) => bottom <= room.bottom)).toBe(true);
    expect(all(place).hidden).toBe(true);
    expect(text(place, '.cellrun-tiles dd')).toBe('1.2345e−5');
    for (const value of place.querySelectorAll('.cellrun-legend, .cellrun-tiles dd'))
      expect(value.scrollWidth, value.textContent).toBeLessThanOrEqual(value.clientWidth);
  });

  test('what is more is counted, and less of it stays in sight', async () => {
    const { place } = show('many', 760);
    await settled(place);
    expect(all(place).textContent).toMatch(/^Show \d+ more ▾$/);
    all(place).click();
    await until(() => heightOf(place) > window.innerHeight, 'all is there');
    all(place).scrollIntoView();
    all(place).click();
    await until(() => heightOf(place) <= MOST + 0.5, 'it is as before');
    const { top, bottom } = all(place).getBoundingClientRect();
    expect([top >= 0, bottom <= window.innerHeight]).toEqual([true, true]);
  });

  test('two columns from 480 px on', async () => {
    const { place, kernel } = show();
    const metrics = Object.entries(SCENES.twelve!.start.metrics!).slice(1, 5);
    kernel.tell({ reset: true, header: {}, metrics: Object.fromEntries(metrics) });
    for (const [width, columns] of [
      [1264, 2],
      [600, 2],
      [480, 2],
      [400, 1],
    ] as const) {
      place.style.width = `${width}px`;
      await settled(place);
      expect(across(place), `${width} px`).toBe(columns);
    }
  });

  test('a chart that nobody stands beside takes the whole row', async () => {
    const { place, kernel } = show(undefined, 1000);
    const tables = Object.entries(SCENES.tables!.start.metrics!).slice(1, 2);
    const curves = Object.entries(SCENES.twelve!.start.metrics!).slice(1, 5);
    for (const count of [1, 2, 3, 4]) {
      kernel.tell({
        reset: true,
        header: {},
        metrics: Object.fromEntries([...curves.slice(0, 1), ...tables, ...curves.slice(1, count)]),
      });
      const drawn = (): Element[] => [...place.querySelectorAll('.cellrun-card:not([data-wide])')];
      await until(() => drawn().length === count, `${count} charts are there`);
      await settled(place);
      const curved = drawn();
      const grid = find(place, '.cellrun-board > .cellrun-grid').clientWidth;
      const wide = curved.map(chart => chart.clientWidth > 0.9 * grid);
      expect(wide, `${count} charts`).toEqual(wide.map((_, i) => count % 2 === 1 && i === count - 1));
    }
  });

  test('what has no room is cut, not scrolled, and there at a wish', async () => {
    const { place } = show('many', 760);
    await settled(place);
    const metrics = find(place, '.cellrun-metrics');
    expect(getComputedStyle(metrics).overflowY).toBe('hidden');
    await until(() => !all(place).hidden, 'all of it is offered');
    all(place).click();
    await until(() => heightOf(place) > 2000, 'all of it is there');
    expect(metrics.scrollHeight).toBe(metrics.clientHeight);
    expect(find(place, '.cellrun-log').getBoundingClientRect().height).toBeLessThan(MOST);
    all(place).click();
    await until(() => heightOf(place) <= MOST + 0.5, 'it is as it was');
  });

  test('what a keyboard reaches is in sight', async () => {
    const { place } = show('many', 760);
    await settled(place);
    await until(() => !all(place).hidden, 'some is cut off');
    const far = place.querySelectorAll<HTMLElement>('.cellrun-card')[30]!;
    far.focus();
    await until(() => all(place).getAttribute('aria-expanded') === 'true', 'all is shown');
    const { top, bottom } = far.getBoundingClientRect();
    expect([top >= 0, bottom <= window.innerHeight]).toEqual([true, true]);
    expect(find(place, '.cellrun-metrics').scrollTop).toBe(0);
  });

  test('a run that only prints leaves it to its log, until it logs', async () => {
    const { place, kernel } = show('prints', 1000);
    const log = find(place, '.cellrun-log');
    await until(() => log.getBoundingClientRect().width > 990, 'the log has the whole width');
    kernel.tell({ metrics: { loss: { columns: { step: [0, 1], loss: [2, 1] } } } });
    await card(place, 'loss');
    expect(log.getBoundingClientRect().width).toBeLessThan(500);
  });

  test.each([1000, 420])('no part of a progress bar is cut at %i px', async width => {
    const { place, kernel } = show('prints', width);
    const lines = find(place, '.cellrun-log-lines');
    await until(() => lines.textContent.includes('17.1MB/s]'), 'the bar is drawn');
    const bar = find(place, '.cellrun-log-window > :last-child');
    const inSight = (): boolean => bar.getBoundingClientRect().right <= lines.getBoundingClientRect().right;
    expect(inSight()).toBe(true);
    expect(bar.scrollWidth).toBeLessThanOrEqual(bar.clientWidth);
    kernel.tell({ log: `model: 46%|${'█'.repeat(300)}| [00:12<00:15]\n${'x'.repeat(300)}\r\n` });
    await until(() => lines.textContent.includes('00:15]'), 'it goes on');
    expect(inSight()).toBe(true);
    const plain = find(place, '.cellrun-log-window > :last-child');
    expect(plain.getBoundingClientRect().height).toBe(17); // a line that is none isn't wrapped
  });
});

test.each([640, 400, 300])('no word of the log is cut at %i px', async width => {
  const { place, kernel } = show('running', width);
  await settled(place);
  const footer = find(place, '.cellrun-log-footer');
  const cut = (): string[] =>
    [...footer.children]
      .filter(element => element.scrollWidth > element.clientWidth + 1)
      .map(element => element.textContent);
  expect(cut()).toEqual([]);
  kernel.tell({ log: 'a line\n'.repeat(100) });
  const lines = find(place, '.cellrun-log-lines');
  await until(() => lines.innerText.includes('a line'), 'the lines are drawn');
  lines.dispatchEvent(new WheelEvent('wheel', { deltaY: -100 }));
  kernel.tell({ log: 'a line\n'.repeat(12_345) });
  await until(() => footer.innerText.includes('paused · 12,345 new lines'), 'it is paused');
  expect(cut()).toEqual([]);
  expect(footer.innerText).toContain('Download');
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
