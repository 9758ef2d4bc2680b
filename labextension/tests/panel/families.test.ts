import { describe, expect, test } from 'vitest';
import { live, row } from '../../dev/fake_runs';
import { Families, withParents } from '../../src/panel/families';
import { allLoaded, filterBy, lines, selected, showPanel } from './setup';
import { until } from '../view/setup';

const FAMILY = [
  row(1, { display_name: 'sweep' }),
  row(2, { parent: 'digits_1', display_name: 'first' }),
  live(3, 'Running', { parent: 'digits_1', display_name: 'second' }),
  row(4, { parent: 'digits_2', display_name: 'grandchild' }),
  row(5, { display_name: 'alone' }),
];

function press(place: HTMLElement, key: string): void {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
  place.querySelector('[role=treegrid]')!.dispatchEvent(event);
}

async function frame(): Promise<void> {
  await new Promise(requestAnimationFrame);
}

describe('child runs', () => {
  test('stand below their parent once it is opened, each level further in', async () => {
    const shown = await showPanel(FAMILY);
    expect(lines(shown)).toEqual(['digits', 'alone', '2sweep']);
    shown.place.querySelector<HTMLButtonElement>('.cellrun-run-twist:not([hidden])')!.click();
    await frame();
    expect(lines(shown)).toEqual(['digits', 'alone', '2sweep', 'second', '1first']);
    const levels = [...shown.place.querySelectorAll('.cellrun-line')].map(one => one.ariaLevel);
    expect(levels).toEqual(['1', '2', '2', '3', '3']);
  });

  test('are walked through by keys: right opens and steps in, left steps out and closes', async () => {
    const shown = await showPanel(FAMILY);
    await allLoadedBut(shown, 3);
    shown.place.querySelector<HTMLElement>('[role=treegrid]')!.focus();
    for (const key of ['End', 'ArrowRight', 'ArrowRight']) press(shown.place, key);
    await frame();
    expect(selected(shown)).toEqual(['second']);
    press(shown.place, 'ArrowLeft');
    await frame();
    const active = (): string => shown.place.querySelector('[data-active]')?.textContent ?? '';
    expect(active()).toContain('sweep');
    press(shown.place, 'ArrowLeft');
    await frame();
    expect(lines(shown)).toHaveLength(3);
    press(shown.place, 'ArrowLeft');
    await frame();
    expect(active()).toContain('digits');
  });

  test('of a chain without end are arranged at once: those far down stand below none', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) =>
      row(i, { parent: i === 0 ? null : `digits_${i - 1}` }),
    );
    const families = new Families(chain);
    expect(families.roots).toHaveLength(9_950);
    expect(families.childrenOf('digits_49')).toHaveLength(1);
    expect(withParents(chain.slice(-1), new Map(chain.map(one => [one.id, one])))).toHaveLength(1);
  });

  test('that fit a filter are shown with those that they stand below', async () => {
    const shown = await showPanel(FAMILY);
    await filterBy(shown, 'grandchild');
    expect(lines(shown)).toEqual(['digits', '1sweep', '1first', 'grandchild']);
    const context = [...shown.place.querySelectorAll('[data-unmatched] .cellrun-run-link')];
    expect(context.map(one => one.textContent)).toEqual(['sweep', 'first']);
  });

  test('that fit a filter are in sight, whether those that they stand below were opened before or not', async () => {
    const shown = await showPanel(FAMILY);
    shown.place.querySelector<HTMLButtonElement>('.cellrun-run-twist:not([hidden])')!.click();
    await filterBy(shown, 'grandchild');
    const all = ['digits', '1sweep', '1first', 'grandchild'];
    expect(lines(shown)).toEqual(all);
    shown.place.querySelector<HTMLButtonElement>('.cellrun-run-twist:not([hidden])')!.click();
    await frame();
    expect(lines(shown)).toEqual(all.slice(0, 2));
    await filterBy(shown, '');
    await until(() => lines(shown).length === 5, 'the family is open as it was');
  });

  test('of which the parent is no more, or is themselves, stand by themselves', async () => {
    const shown = await showPanel([
      row(1, { parent: 'digits_9' }),
      row(2, { parent: 'digits_3' }),
      row(3, { parent: 'digits_2' }),
      row(4, { parent: 'digits_4' }),
    ]);
    await allLoaded(shown);
    expect(lines(shown)).toEqual(['digits', 'digits-4', 'digits-3', 'digits-2', 'digits-1']);
  });

  test('stay open when the panel is shown again', async () => {
    const states: unknown[] = [];
    const shown = await showPanel(FAMILY, { onState: state => states.push(state) });
    shown.place.querySelector<HTMLButtonElement>('.cellrun-run-twist:not([hidden])')!.click();
    await frame();
    const state = states.at(-1) as { turned: string[] };
    expect(state.turned).toEqual(['digits_1']);
    const again = await showPanel(FAMILY, { state });
    await until(() => lines(again).length === 5, 'the open family is shown');
  });
});

async function allLoadedBut({ place }: { readonly place: HTMLElement }, count: number): Promise<void> {
  const grid = place.querySelector('[role=treegrid]')!;
  await until(() => grid.ariaRowCount === String(count), 'all runs are loaded');
}
