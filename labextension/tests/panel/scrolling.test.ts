import { expect, test } from 'vitest';
import { row } from '../../dev/fake_runs';
import { find, until } from '../view/setup';
import { drawn, lines, showPanel } from './setup';

const MANY = Array.from({ length: 10_000 }, (_, i) => row(i, { experiment: `exp-${i % 5}` }));

test('10,000 runs: no frame of a fast scroll has a blank place, and few rows are in the page', async () => {
  const shown = await showPanel(MANY);
  const grid = find(shown.place, '[role=treegrid]');
  await until(() => grid.getAttribute('aria-rowcount') === '10005', 'all are loaded');
  const box = grid.getBoundingClientRect();
  const blanks: string[] = [];
  const seen = new Set<string>();
  const steps = 120;
  for (let step = 0; step <= steps; step++) {
    grid.scrollTop = (grid.scrollHeight - grid.clientHeight) * (step / steps);
    await new Promise(requestAnimationFrame);
    for (let y = box.top + 14; y < box.bottom; y += 28) {
      const line = document.elementFromPoint(box.left + 60, y)?.closest<HTMLElement>('.cellrun-line');
      const name =
        line?.querySelector<HTMLElement>('.cellrun-run-name, .cellrun-group-label')?.innerText ?? '';
      if (name === '') blanks.push(`step ${step}, ${y} px`);
      seen.add(line?.getAttribute('aria-rowindex') ?? '');
    }
    expect(grid.querySelectorAll('.cellrun-line').length).toBeLessThan(25);
  }
  expect(blanks).toEqual([]);
  expect(seen).toContain('10005');
  expect(seen.size).toBeGreaterThan(1000);
});

test('rows stand in the page in their order, whichever way was scrolled', async () => {
  const shown = await showPanel(MANY.slice(0, 300));
  const grid = find(shown.place, '[role=treegrid]');
  for (const top of [0, 100, 28 * 50, 28 * 49, 28 * 48 + 3, 0, 1e6, 28 * 200]) {
    grid.scrollTop = top;
    await drawn();
    const indexes = [...grid.querySelectorAll('.cellrun-line')].map(one =>
      Number(one.getAttribute('aria-rowindex')),
    );
    expect(indexes).toEqual(indexes.map((_, i) => indexes[0]! + i));
    const first =
      grid.querySelector('.cellrun-line')!.getBoundingClientRect().top - grid.getBoundingClientRect().top;
    expect(first).toBeLessThanOrEqual(0);
    expect(indexes[0]! - 1).toBeCloseTo((grid.scrollTop + first) / 28, 1);
  }
});

test('the first rows are there before the others are loaded', async () => {
  const shown = await showPanel(MANY);
  expect(lines(shown).length).toBeGreaterThan(10);
  expect(shown.server.asked.find(({ path }) => path.endsWith('/runs'))!.query.get('limit')).toBe('100');
});
