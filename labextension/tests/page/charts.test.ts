import { userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { HEADER } from '../../dev/fake_kernel';
import { SCENES } from '../../dev/scenes';
import type { MetricColumns, MetricQuery } from '../../src/server/openapi';
import { rememberOptions } from '../../src/view/charts/chart_options';
import { card, find, path, text, until } from '../view/setup';
import { showPage } from './setup';

/** Rows of a loss that turns, over two columns that don't. */
const FIT = {
  kind: 'row' as const,
  columns: { epoch: [0, 1, 2], hours: [0, 0.5, 2], loss: [3, 1, 2] },
  turning: ['loss'],
};

const STARTED = HEADER.started_at!;

/** A server's exact points: of a step each tenth, of times one a second. */
function server(asked: MetricQuery[]): (query: MetricQuery) => Promise<MetricColumns> {
  return query => {
    asked.push(query);
    const isTime = query.x === 'time';
    const from = Math.max(0, query.from ?? 0);
    const xs = Array.from({ length: 60 }, (_, i) => (isTime ? STARTED + i * 5 : from + i / 10));
    const columns = [
      { name: query.x ?? '', type: 'number' as const, values: xs },
      {
        name: query.name,
        type: 'number' as const,
        values: xs.map((_, i) => (i === 3 ? ({ float: 'NaN' } as const) : 7 + i)),
      },
    ];
    return Promise.resolve({
      name: query.name,
      kind: 'log',
      rows: 60,
      x: query.x ?? '',
      columns,
      exact: true,
      next: 60,
      damage: [],
    });
  };
}

/** Drag over a share of a chart's width. */
function drag(chart: HTMLElement, from: number, to: number): void {
  const area = find(chart, '.cellrun-plot-area');
  const box = area.getBoundingClientRect();
  const send = (type: string, share: number): void => {
    const at = { clientX: box.left + share * box.width, clientY: box.top + 40 };
    area.dispatchEvent(new PointerEvent(type, { ...at, button: 0, pointerId: 1, bubbles: true }));
  };
  const capture = area.setPointerCapture.bind(area);
  area.setPointerCapture = () => undefined; // a pointer that isn't one can't be captured
  send('pointerdown', from);
  send('pointermove', (from + to) / 2);
  send('pointermove', to);
  send('pointerup', to);
  area.setPointerCapture = capture;
}

const labels = (chart: HTMLElement, axis: 'x' | 'y'): string[] =>
  [...chart.querySelectorAll(`.${axis}tick text`)].map(one => one.textContent);
const reset = (chart: HTMLElement): HTMLButtonElement => find(chart, '.cellrun-reset') as HTMLButtonElement;
const data = (chart: HTMLElement): { x: Float64Array; y: Float64Array }[] =>
  (chart.querySelector('.js-plotly-plot') as unknown as { data: { x: Float64Array; y: Float64Array }[] })
    .data;
const select = (place: HTMLElement, label: string): HTMLSelectElement =>
  [...place.querySelectorAll('label')]
    .find(one => one.textContent.startsWith(label))!
    .querySelector('select')!;

describe('zoom', () => {
  test('a drag shows what was dragged over, a double click all of it again', async () => {
    const { place } = showPage();
    const chart = await card(place, 'loss');
    const before = labels(chart, 'x');
    drag(chart, 0.3, 0.5);
    await until(() => !reset(chart).hidden, 'there is a way back');
    await until(() => labels(chart, 'x').join() !== before.join(), 'a part is shown');
    expect(Math.min(...labels(chart, 'x').map(Number))).toBeGreaterThan(10);
    expect(labels(await card(place, 'accuracy'), 'x')).toEqual(before);
    find(chart, '.cellrun-plot-area').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
    await until(() => labels(chart, 'x').join() === before.join(), 'all of it is shown');
    expect(reset(chart).hidden).toBe(true);
  });

  test('by keyboard: + zooms in, Reset zoom and Escape zoom out', async () => {
    const { place } = showPage();
    const chart = await card(place, 'loss');
    chart.focus();
    await userEvent.keyboard('+');
    await until(() => !reset(chart).hidden, 'it is zoomed');
    await userEvent.keyboard('{Tab}');
    expect(document.activeElement).toBe(reset(chart));
    await userEvent.keyboard('{Enter}');
    expect(reset(chart).hidden).toBe(true);
    expect(document.activeElement).toBe(chart);
    await userEvent.keyboard('+{Escape}');
    await until(() => reset(chart).hidden, 'it is zoomed out');
  });

  test('the exact points are read, and the rest of the page stays', async () => {
    const asked: MetricQuery[] = [];
    const { place } = showPage('running', {}, 1200, server(asked));
    const chart = await card(place, 'loss');
    drag(chart, 0.3, 0.5);
    await until(() => data(chart)[0]?.y[0] === 7, 'the exact points are drawn');
    expect(asked).toHaveLength(1);
    const [{ name, x, from = 0, to = 0 }] = asked as [MetricQuery];
    expect([name, x]).toEqual(['loss', 'step']);
    expect(from).toBeGreaterThan(8);
    expect(to).toBeLessThan(32);
    expect(data(chart)[0]?.y[3]).toBeNaN();
  });

  test('points that can’t be read are said, and what is held is shown', async () => {
    const { place } = showPage('running', {}, 1200, () => Promise.reject(new Error('the disk is away')));
    const chart = await card(place, 'loss');
    drag(chart, 0.3, 0.5);
    await until(() => text(chart, '.cellrun-card-title').includes('the disk is away'), 'why is said');
    expect(data(chart)[0]?.y).toHaveLength(60);
  });
});

describe('smoothing', () => {
  test('is TensorBoard’s average, with the raw curve pale behind, and the latest value as it was logged', async () => {
    const { place } = showPage();
    const chart = await card(place, 'loss');
    const raw = [...data(chart)[0]!.y];
    await userEvent.selectOptions(select(place, 'smoothing'), '0.5');
    await until(() => data(chart).length === 2, 'there are two curves');
    const [pale, smooth] = data(chart);
    expect([...pale!.y]).toEqual(raw);
    expect(smooth!.y[0]).toBeCloseTo(raw[0]!);
    expect(smooth!.y[1]).toBeCloseTo((0.5 * raw[0]! * 0.5 + 0.5 * raw[1]!) / 0.75);
    expect(Number(getComputedStyle(chart.querySelector('.trace')!).opacity)).toBeLessThan(0.5);
    expect(text(chart, '.cellrun-legend')).toBe('0.1304');
  });

  test('is remembered for the next run', async () => {
    const first = showPage();
    await card(first.place, 'loss');
    await userEvent.selectOptions(select(first.place, 'smoothing'), '0.9');
    first.place.remove(); // what is out of sight isn't drawn
    const { place } = showPage();
    await card(place, 'loss');
    expect(select(place, 'smoothing').value).toBe('0.9');
    await until(() => data(place.querySelector('.cellrun-card')!).length === 2, 'curves are smoothed');
  });
});

describe('log scale', () => {
  const press = (place: HTMLElement): void =>
    [...place.querySelectorAll('button')].find(one => one.innerText === 'Log scale')!.click();

  test('powers of ten are evenly apart', async () => {
    const { place, kernel } = showPage();
    const values = Array.from({ length: 7 }, (_, i) => 10 ** i);
    kernel.tell({ metrics: { decades: { columns: { step: values.map((_, i) => i), decades: values } } } });
    const chart = await card(place, 'decades');
    press(place);
    await until(() => labels(chart, 'y').includes('1'), 'powers of ten are labelled');
    const numbers = path(chart)
      .match(/[\d.]+,[\d.]+/g)!
      .map(point => Number(point.split(',')[1]));
    const steps = numbers.slice(1).map((y, i) => numbers[i]! - y);
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThan(0.1);
  });

  test('values that aren’t above 0 are left out, and said', async () => {
    const { place, kernel } = showPage();
    kernel.tell({ metrics: { mixed: { columns: { step: [0, 1, 2, 3], mixed: [1, 0, -5, 100] } } } });
    kernel.tell({ metrics: { below: { columns: { step: [0, 1], below: [-1, -2] } } } });
    const [mixed, below] = [await card(place, 'mixed'), await card(place, 'below')];
    press(place);
    await until(() => text(mixed, '.cellrun-card-title').includes('2 not above 0 left out'), 'it is said');
    await until(() => text(below, '.cellrun-card-title').includes('no value above 0'), 'it is said');
    expect(labels(below, 'y').length).toBeGreaterThan(1);
    press(place);
    await until(() => !text(mixed, '.cellrun-card-title').includes('left out'), 'it is even again');
  });
});

describe('the x axis', () => {
  test('by time: read from the server, as a clock', async () => {
    const asked: MetricQuery[] = [];
    const { place } = showPage('running', {}, 1200, server(asked));
    const chart = await card(place, 'loss');
    await userEvent.selectOptions(select(place, 'x:'), 'time');
    await until(() => labels(chart, 'x').includes('02:00'), 'times are on the axis');
    expect(text(chart, '.cellrun-card-title')).toContain('loss over time');
    expect(asked.find(({ name }) => name === 'loss')).toMatchObject({ x: 'time' });
    expect([...data(chart)[0]!.x].slice(0, 2)).toEqual([0, 5]);
  });

  test('by a column that was logged, if a line can be drawn over it', async () => {
    const { place, kernel } = showPage('sine');
    const names = (): string[] => [...select(place, 'x:').options].map(({ text }) => text);
    await until(() => names().join() === 'x', 'the one x is what the charts are over');
    kernel.tell(SCENES.tables!.start);
    kernel.tell({ metrics: { fit: FIT } });
    await until(() => names().includes('hours'), 'the columns of the charts are offered');
    expect(names()).toEqual(['step', 'x', 'fpr', 'tpr', 'epoch', 'hours']);
    const chart = await card(place, 'fit');
    await userEvent.selectOptions(select(place, 'x:'), 'hours');
    chart.scrollIntoView();
    await until(() => text(chart, '.cellrun-card-title').includes('over hours'), 'it is drawn over hours');
    await userEvent.selectOptions(select(place, 'x:'), 'step');
    chart.scrollIntoView();
    await until(() => text(chart, '.cellrun-card-title').includes('over epoch'), 'it is as it was logged');
  });

  test('one that this run has not is no choice, but kept for a run that has it', async () => {
    rememberOptions('run', { x: 'hours', smoothing: 0, log: false });
    const { place, kernel } = showPage('sine');
    await card(place, 'sine');
    expect(select(place, 'x:').selectedOptions[0]!.text).toBe('x');
    kernel.tell({ metrics: { fit: FIT } });
    await until(() => select(place, 'x:').value === 'hours', 'it is chosen once it is there');
    const xs = [...select(place, 'x:').options].map(option => option.text);
    expect(xs).toEqual(['as logged', 'x', 'epoch', 'hours']);
  });

  test('time is offered only where it can be read', async () => {
    const { place } = showPage();
    await card(place, 'loss');
    expect([...select(place, 'x:').options].map(option => option.value)).toEqual(['step', 'x']);
  });
});
