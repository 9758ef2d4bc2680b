import { describe, expect, test } from 'vitest';
import type { Comparison } from '../../src/server/openapi';
import { card, find, path, text, until } from '../view/setup';
import { digits, FakeServer, line, row } from './fake_server';
import { cells, shown } from './setup';

describe('live', () => {
  const running = (): Comparison => {
    const found = digits();
    return {
      ...found,
      runs: found.runs.map((one, i) => (i === 0 ? row(one.id, { status: 'Running' }) : one)),
    };
  };

  test('news of a run are asked for; place and zoom stay', async () => {
    const server = new FakeServer();
    server.comparison = running();
    const { place } = await shown(server, {}, 360);
    place.style.height = '400px';
    const loss = await card(place, 'loss');
    const body = find(place, '.cellrun-compare-body');
    body.scrollTo(120, 60);
    const before = path(loss);
    const [first] = running().curves;
    const series = first!.series.map(one => ({ ...one, y: one.y.toReversed() }));
    server.comparison = {
      ...running(),
      metrics: [line('accuracy', [0.5, 0.6, 0.7])],
      curves: [{ ...first!, series }],
    };
    server.tell({ rows: [server.comparison.runs[0]!] });
    await until(() => cells(place, 'accuracy')[0] === '0.5000', 'the value is new');
    expect([body.scrollLeft, body.scrollTop]).toEqual([120, 60]);
    body.scrollTo(0, 0);
    await until(() => path(loss) !== before, 'the chart is new');
  });

  test("another run's news are not", async () => {
    const { server } = await shown();
    const asked = server.asked.length;
    server.tell({ rows: [row('other-1')] });
    await new Promise(resolve => setTimeout(resolve, 2_500));
    expect(server.asked).toHaveLength(asked);
  });

  test('out of sight it asks nothing, back in sight it does', async () => {
    const { place, server } = await shown();
    place.style.display = 'none';
    await new Promise(resolve => setTimeout(resolve, 200));
    const asked = server.asked.length;
    server.tell({ rows: [server.comparison!.runs[0]!] });
    await new Promise(resolve => setTimeout(resolve, 2_500));
    expect(server.asked).toHaveLength(asked);
    place.style.display = '';
    await until(() => server.asked.length > asked, 'it is asked');
  });

  test('a run that is deleted is said, and the others stay', async () => {
    const changes: (readonly string[])[] = [];
    const { place, server, view } = await shown(new FakeServer(), { changed: runs => changes.push(runs) });
    server.gone.add('digits-2');
    server.tell({ gone: ['digits-2'] });
    await until(() => text(place, '.cellrun-header .cellrun-name') === 'Compare 2 runs', 'it is gone');
    expect(text(place, '.cellrun-alert')).toBe('digits-2 was deleted, and is no longer compared.');
    expect(view.runs).toEqual(['digits-3', 'digits-1']);
    expect(changes.at(-1)).toEqual(['digits-3', 'digits-1']);
  });

  test('runs that are gone when it is opened are said', async () => {
    const server = new FakeServer();
    server.gone.add('digits-1');
    const { place } = await shown(server);
    expect(text(place, '.cellrun-alert')).toBe('digits-1 was deleted, and is no longer compared.');
    expect(place.querySelectorAll('thead th')).toHaveLength(2);
  });

  test('trouble is said, and what is shown stays', async () => {
    const { place, server } = await shown();
    server.become('unreachable');
    await until(() => place.innerText.includes('Disconnected from the Jupyter server'), 'it is said');
    expect(cells(place, 'momentum')).toEqual(['0.9', '0.9', '0.9']);
    server.become(null);
    server.comparison = null;
    server.tell({ reset: true });
    await until(() => place.innerText.includes('it broke'), "the server's words are said");
    expect(cells(place, 'momentum')).toEqual(['0.9', '0.9', '0.9']);
  });

  test('it leaves nothing behind', async () => {
    const { view, server } = await shown();
    view.dispose();
    expect(server.isHeard).toBe(false);
  });
});
