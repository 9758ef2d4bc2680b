import { userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { card, find, text, until } from '../view/setup';
import { digits, FakeServer } from './fake_server';
import { shown } from './setup';

describe('the charts', () => {
  test("the runs' curves are on one another, in the colours of the table", async () => {
    const { place } = await shown();
    const loss = await card(place, 'loss');
    expect(loss.querySelectorAll('.js-line')).toHaveLength(3);
    const lines = [...loss.querySelectorAll('.js-line')].map(one => getComputedStyle(one).stroke);
    const dots = [...place.querySelectorAll('.cellrun-compare-dot')].map(one => getComputedStyle(one).color);
    expect(lines).toEqual(dots);
    expect(new Set(dots).size).toBe(3);
    expect(text(loss, '.cellrun-card-title')).toContain('over step');
  });

  test('a run that lacks a metric leaves the colours of the others', async () => {
    const server = new FakeServer();
    const [loss, accuracy] = digits().curves;
    server.comparison = { ...digits(), curves: [loss!, { ...accuracy!, series: accuracy!.series.slice(1) }] };
    const { place } = await shown(server);
    const [lossCard, accuracyCard] = await Promise.all(['loss', 'accuracy'].map(name => card(place, name)));
    const colours = (one: Element): string[] =>
      [...one.querySelectorAll('.js-line')].map(each => getComputedStyle(each).stroke);
    expect(colours(accuracyCard!)).toEqual(colours(lossCard!).slice(1));
  });

  test('one chart pointed at tells the values of all runs in all', async () => {
    const { place } = await shown();
    const [loss, accuracy] = await Promise.all(['loss', 'accuracy'].map(name => card(place, name)));
    const before = text(accuracy!, '.cellrun-legend');
    await userEvent.hover(find(loss!, '.cellrun-plot-area'));
    await until(() => text(accuracy!, '.cellrun-legend') !== before, 'the other tells its values');
    const said = text(accuracy!, '.cellrun-legend');
    for (const name of ['digits-3', 'digits-2', 'digits-1']) expect(said).toContain(name);
    expect(accuracy!.querySelectorAll('circle:not([visibility=hidden])')).toHaveLength(3);
  });

  test('another x is asked of the server', async () => {
    const server = new FakeServer();
    const column = { type: 'number', ordered: true, last: 1 } as const;
    server.heads = [
      { name: 'train', kind: 'row', rows: 2, columns: ['epoch', 'y'].map(name => ({ name, ...column })) },
    ];
    const { place } = await shown(server);
    await card(place, 'loss');
    const select = [...place.querySelectorAll('select')].find(one =>
      [...one.options].some(option => option.value === 'time'),
    )!;
    await until(() => [...select.options].some(option => option.value === 'epoch'), 'columns are offered');
    await userEvent.selectOptions(select, 'epoch');
    await until(() => server.asked.at(-1)?.x === 'epoch', 'it is asked');
    await until(() => text(place, '.cellrun-grid').includes('over epoch'), 'it is drawn');
  });

  test('a part is read exactly', async () => {
    const { place, server } = await shown();
    const loss = await card(place, 'loss');
    loss.focus();
    await userEvent.keyboard('{Home}+');
    await until(() => server.parts.length === 3, 'all three runs are asked');
    expect(server.parts[0]).toMatchObject({ name: 'loss', x: 'step' });
  });
});
