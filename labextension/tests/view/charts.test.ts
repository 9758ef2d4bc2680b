import { userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { card, find, path, show, text, texts, until } from './setup';

const sine = (count: number, at = 0) => {
  const rows = Array.from({ length: count }, (_, i) => ((i + at) * 10) / 49);
  return { kind: 'row' as const, at, columns: { x: rows, y: rows.map(Math.sin) } };
};
const loss = (values: number[], at = 0) => ({
  at,
  columns: { step: values.map((_, i) => at + i), loss: values },
});

describe('what is shown', () => {
  test('one value is a tile', async () => {
    const { place } = show('running');
    await until(() => place.querySelectorAll('.cellrun-tiles dd').length === 3, 'three tiles are drawn');
    expect(texts(place, '.cellrun-tiles dt')).toEqual(['best_accuracy', 'best_epoch', 'n_train']);
    expect(texts(place, '.cellrun-tiles dd')).toEqual(['0.9639', '57', '1,437']);
  });

  test('x and y are a wide chart that names both, others stand side by side', async () => {
    const { place } = show('running');
    const [sineCard, lossCard, accuracyCard] = await Promise.all(
      ['sine', 'loss', 'accuracy'].map(name => card(place, name)),
    );
    expect(text(sineCard!, '.cellrun-card-title > span:first-child')).toBe('sine y over x');
    expect(text(sineCard!, '.cellrun-legend')).toBe('0.6046');
    expect(lossCard!.getBoundingClientRect().top).toBe(accuracyCard!.getBoundingClientRect().top);
    expect(sineCard!.clientWidth).toBeGreaterThan(lossCard!.clientWidth + accuracyCard!.clientWidth);
  });

  test('the charts of a run have the colour that it has in lists and comparisons', async () => {
    const { kernel, place } = show();
    kernel.tell({ reset: true, header: { number: 2 }, metrics: { loss: loss([3, 2, 1]) } });
    const own = getComputedStyle(find(await card(place, 'loss'), '.js-line')).stroke;
    const probe = document.createElement('i');
    probe.style.color = 'var(--cellrun-series-2)';
    find(place, '.cellrun').append(probe);
    expect(own).toBe(getComputedStyle(probe).color);
  });

  test('charts are 100 to 150 px high, the only one of a run 200', async () => {
    const many = show('running');
    for (const name of ['sine', 'loss']) {
      const { height } = find(await card(many.place, name), '.cellrun-plot-area').getBoundingClientRect();
      expect(height).toBeGreaterThanOrEqual(100);
      expect(height).toBeLessThanOrEqual(150);
    }
    const { place } = show('sine');
    expect(find(await card(place, 'sine'), '.cellrun-plot-area').getBoundingClientRect().height).toBe(200);
  });

  test('few grid lines, at round numbers', async () => {
    const { place } = show('running');
    const labels = texts(await card(place, 'sine'), '.ytick text');
    expect(labels).toEqual(['−1', '0', '1']);
  });

  test('several columns are several lines, each named', async () => {
    const { place } = show('long');
    const waves = await card(place, 'waves');
    expect(waves.querySelectorAll('.js-line')).toHaveLength(7);
    expect(texts(waves, '.cellrun-legend > span').slice(0, 2)).toEqual(['sine −0.5014', 'cosine −0.8652']);
    const colours = [...waves.querySelectorAll('.js-line')].map(line => getComputedStyle(line).stroke);
    expect(new Set(colours).size).toBe(6);
    expect(getComputedStyle(waves.querySelectorAll('.js-line')[6]!).strokeDasharray).not.toBe('none');
  });

  test('of a process that is behind the others its latest value is told, and of one that logged NaN that', async () => {
    const { place, kernel } = show();
    const columns = { step: [0, 1, 2], 'rank 0': [3, 2, NaN], 'rank 1': [4, 3, 2], 'rank 2': [5, 4, NaN] };
    kernel.tell({ reset: true, header: {}, metrics: { loss: { columns, last: { 'rank 0': 2 } } } });
    const told = texts(await card(place, 'loss'), '.cellrun-legend > span');
    expect(told).toEqual(['rank 0 2', 'rank 1 2', 'rank 2 NaN']);
  });

  test('NaN is a gap, a point between gaps a dot', async () => {
    const { place } = show('long');
    const gaps = await card(place, 'gaps');
    expect(gaps.querySelectorAll('.js-line').length).toBeGreaterThan(5);
    expect(gaps.querySelectorAll('.point').length).toBeGreaterThan(5);
  });

  test('values that are never finite have no scale', async () => {
    const { place, kernel } = show();
    kernel.tell({
      reset: true,
      header: {},
      metrics: {
        nothing: { columns: { step: [0, 1], nothing: [NaN, -Infinity] } },
        loss: { columns: { step: [0, 1], loss: [2, 1] } },
      },
    });
    const loss = await card(place, 'loss');
    const nothing = loss.parentElement!.firstElementChild!;
    expect(nothing.querySelectorAll('.xtick').length).toBeGreaterThan(1);
    expect(nothing.querySelectorAll('.ytick')).toHaveLength(0);
    expect(text(nothing, '.cellrun-legend')).toBe('−∞');
  });

  test('texts are a table', async () => {
    const { place, kernel } = show();
    kernel.tell({
      reset: true,
      header: {},
      metrics: {
        said: {
          kind: 'table',
          rows: 900,
          columns: { row: ['7', '8'], a: ['<b>x</b>', 'y'], b: [null, '2'] },
        },
      },
    });
    await until(() => place.querySelector('td') !== null, 'the table is drawn');
    expect(texts(place, 'th')).toEqual(['a', 'b']);
    expect(texts(place, 'td')).toEqual(['<b>x</b>', '–', 'y', '2']);
    expect(text(place, '.cellrun-card-title')).toContain('first 2 of 900 rows');
  });

  test('of very many metrics some are shown, and more at a wish', async () => {
    const { place } = show('many');
    await card(place, 'layer.0.weight/gradient_norm');
    expect(place.querySelectorAll('.cellrun-card')).toHaveLength(48);
    const more = find(place, '.cellrun-more');
    expect(more.innerText).toBe('Show 48 more');
    more.click();
    more.click();
    expect(place.querySelectorAll('.cellrun-card')).toHaveLength(120);
    expect(more.hidden).toBe(true);
  });

  test('a metric that grows from one value becomes a chart in its place', async () => {
    const { place, kernel } = show();
    kernel.tell({
      reset: true,
      header: {},
      metrics: { loss: loss([3]), other: { columns: { step: [0, 1], other: [1, 2] } } },
    });
    await card(place, 'other');
    expect(texts(place, '.cellrun-tiles dt')).toEqual(['loss']);
    kernel.tell({ metrics: { loss: loss([2], 1) } });
    await card(place, 'loss');
    expect(texts(place, '.cellrun-tiles dt')).toEqual([]);
    expect(texts(place, '.cellrun-card b:first-child')[0]).toBe('loss');
  });

  test('what a whole frame no longer names is gone', async () => {
    const { place, kernel } = show('running');
    await card(place, 'loss');
    kernel.tell({ reset: true, metrics: { loss: loss([3, 2]) } });
    await until(() => place.querySelectorAll('.cellrun-card').length === 1, 'one chart is left');
    expect(texts(place, '.cellrun-tiles dt')).toEqual([]);
  });

  test('nothing yet says what will come', async () => {
    const { place, kernel } = show('empty');
    await until(
      () => place.innerText.includes("Metrics will appear here: run.log('loss', value)"),
      'it is said',
    );
    expect(place.innerText).toContain('What the run prints will appear here.');
    kernel.tell({ header: { status: 'Canceled' } });
    await until(
      () => text(place, '.cellrun-metrics .cellrun-empty') === 'This run logged no metrics.',
      'nothing will come any more',
    );
  });
});

describe('live', () => {
  test('a chart grows by deltas, its latest value and its dot with it', async () => {
    const { place, kernel } = show();
    kernel.tell({ reset: true, header: {}, metrics: { sine: sine(2) } });
    const shown = await card(place, 'sine');
    const before = path(shown);
    for (let i = 2; i < 40; i++) kernel.tell({ metrics: { sine: sine(1, i) } });
    await until(() => path(shown).length > before.length + 100, 'the curve has grown');
    await until(
      () => text(shown, '.cellrun-legend') === Math.sin(390 / 49).toFixed(4),
      'the latest value is shown',
    );
    const dot = find(shown, 'circle');
    expect(dot.getAttribute('visibility')).toBeNull();
    expect(Number(dot.getAttribute('cx'))).toBeCloseTo(find(shown, '.cellrun-plot-area').clientWidth - 10, 0);
    kernel.tell({ header: { status: 'Completed' } });
    await until(() => dot.getAttribute('visibility') === 'hidden', 'the dot is gone when the run has ended');
  });

  test('at most ten redraws a second', async () => {
    const { place, kernel } = show();
    kernel.tell({ reset: true, header: {}, metrics: { loss: loss([1, 2]) } });
    const shown = await card(place, 'loss');
    let drawings = 0;
    const observer = new MutationObserver(() => drawings++);
    observer.observe(find(shown, '.cellrun-legend'), { childList: true, characterData: true, subtree: true });
    const start = performance.now();
    for (let i = 2; performance.now() - start < 1_000; i++) {
      kernel.tell({ metrics: { loss: loss([i], i) } });
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    const seconds = (performance.now() - start) / 1_000;
    observer.disconnect();
    expect(drawings).toBeGreaterThan(0);
    expect(drawings).toBeLessThanOrEqual(Math.ceil(10 * seconds) + 1);
  });

  test('charts out of sight are drawn when they come into sight', async () => {
    const { place, kernel } = show('many');
    await card(place, 'layer.0.weight/gradient_norm');
    expect(place.querySelectorAll('.cellrun-card')).toHaveLength(48);
    expect(place.querySelectorAll('.js-line').length).toBeLessThan(25);
    place.querySelectorAll('.cellrun-card')[47]!.scrollIntoView();
    await card(place, 'layer.47.weight/gradient_norm');
    kernel.tell({ reset: true });
    await until(() => place.querySelectorAll('.cellrun-card').length === 0, 'all are gone');
  });

  test('a view out of sight draws nothing until it is seen', async () => {
    const { place, kernel } = show();
    await until(() => place.querySelector('.cellrun[data-theme]') !== null, 'the view is in sight');
    place.style.display = 'none';
    await new Promise<void>(resolve => {
      // The view's own observer was made before, so it is told before.
      const observer = new IntersectionObserver(entries => {
        if (entries.at(-1)?.isIntersecting === false) resolve();
      });
      observer.observe(find(place, '.cellrun'));
    });
    kernel.tell({ reset: true, header: {}, metrics: { loss: loss([3, 2, 1]) }, log: 'hello\n' });
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(place.querySelectorAll('.cellrun-card')).toHaveLength(0);
    place.style.display = '';
    await card(place, 'loss');
    expect(place.innerText).toContain('hello');
  });

  test('charts follow the width of the view', async () => {
    const { place } = show('running');
    const shown = await card(place, 'sine');
    const wide = find(shown, '.main-svg:first-child').clientWidth;
    place.style.width = '700px';
    await until(() => {
      const width = shown.querySelector('.main-svg')!.clientWidth;
      return width < wide && Math.abs(width - find(shown, '.cellrun-plot-area').clientWidth) <= 1;
    }, 'the chart is narrower');
  });
});

describe('crosshair', () => {
  test('one chart pointed at marks all over the same x', async () => {
    const { place } = show('running');
    const [lossCard, accuracyCard, sineCard] = await Promise.all(
      ['loss', 'accuracy', 'sine'].map(name => card(place, name)),
    );
    const before = text(accuracyCard!, '.cellrun-legend');
    await userEvent.hover(find(lossCard!, '.cellrun-plot-area'));
    await until(
      () => find(accuracyCard!, '.cellrun-cursor').getAttribute('visibility') === null,
      'the other is marked',
    );
    expect(text(lossCard!, '.cellrun-cursor-label')).toBe(text(accuracyCard!, '.cellrun-cursor-label'));
    expect(text(accuracyCard!, '.cellrun-legend')).not.toBe(before);
    expect(find(sineCard!, '.cellrun-cursor').getAttribute('visibility')).toBe('hidden');
    await userEvent.hover(find(place, '.cellrun-header'));
    await until(() => text(accuracyCard!, '.cellrun-legend') === before, 'the latest value is back');
  });

  test('by keyboard', async () => {
    const { place } = show('running');
    const shown = await card(place, 'loss');
    shown.focus();
    await userEvent.keyboard('{Home}{ArrowRight}{ArrowRight}');
    expect(text(shown, '.cellrun-cursor-label')).toBe('2');
    await userEvent.keyboard('{End}');
    expect(text(shown, '.cellrun-cursor-label')).toBe('59');
    await userEvent.keyboard('{Escape}');
    expect(find(shown, '.cellrun-cursor').getAttribute('visibility')).toBe('hidden');
  });

  test('a reader who does not see it hears what it shows', async () => {
    const { place } = show('running');
    expect((await card(place, 'sine')).getAttribute('aria-label')).toBe(
      'sine y over x, 44 points, latest 0.6046',
    );
    expect((await card(place, 'loss')).getAttribute('aria-label')).toBe('loss, 60 points, latest 0.1304');
  });
});
