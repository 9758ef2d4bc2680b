import { userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { live, row } from '../../dev/fake_runs';
import { find, text, until } from '../view/setup';
import { allLoaded, filterBy, line, lines, selected, showPanel, type ShownPanel } from './setup';

const RUNS = [row(1), row(2), live(3), row(4), row(5, { experiment: 'sine', created_at: 5 })];

async function press(...keys: string[]): Promise<void> {
  for (const key of keys) await userEvent.keyboard(key);
}

function active({ place }: ShownPanel): string {
  const id = find(place, '[role=treegrid]').getAttribute('aria-activedescendant');
  const shown = document.getElementById(id ?? '');
  return shown?.querySelector('.cellrun-group-label, .cellrun-run-name')?.textContent ?? '';
}

async function focused(rows = RUNS): Promise<ShownPanel> {
  const shown = await showPanel(rows);
  shown.panel.focus();
  return shown;
}

test('arrows, Home and End go from line to line, with a focus that is seen', async () => {
  const shown = await focused();
  expect(active(shown)).toBe('digits');
  await press('{ArrowDown}', '{ArrowDown}');
  expect(active(shown)).toBe('digits-3');
  expect(selected(shown)).toEqual(['digits-3']);
  expect(getComputedStyle(line(shown, 'digits-3')).outlineStyle).toBe('solid');
  await press('{End}');
  expect(active(shown)).toBe('sine-5');
  await press('{Home}', '{ArrowUp}');
  expect(active(shown)).toBe('digits');
});

test('keys go on from a name that was clicked, with the focus on the list', async () => {
  const shown = await focused();
  await userEvent.click(find(line(shown, 'digits-2'), '.cellrun-run-link'));
  expect(document.activeElement).toBe(find(shown.place, '[role=treegrid]'));
});

test('Shift takes a range, Ctrl moves alone, Space and Ctrl+A select, Escape lets go', async () => {
  const shown = await focused();
  await press('{ArrowDown}', '{Shift>}{ArrowDown}{ArrowDown}{/Shift}');
  expect(selected(shown)).toEqual(['digits-4', 'digits-3', 'digits-2']);
  await press('{Control>}{ArrowDown}{/Control}', ' ');
  expect(selected(shown)).toEqual(['digits-4', 'digits-3', 'digits-2', 'digits-1']);
  await press('{Control>}a{/Control}');
  expect(selected(shown)).toHaveLength(5);
  expect(text(shown.place, '.cellrun-panel-header')).toContain('Compare 5');
  await press('{Escape}');
  expect(selected(shown)).toEqual([]);
});

test('come back by keyboard, and the line where it was is in sight; a pointer moves nothing', async () => {
  const shown = await focused(Array.from({ length: 500 }, (_, i) => row(i)));
  await allLoaded(shown);
  await press('{ArrowDown}');
  const list = find(shown.place, '[role=treegrid]');
  list.scrollTop = 5000;
  await until(() => active(shown) === '', 'the active line is out of sight');
  await press('{Shift>}{Tab}{/Shift}', '{Tab}');
  expect(active(shown)).toBe('digits-499');
  list.scrollTop = 5000;
  await until(() => !lines(shown).includes('digits-499'), 'other lines are in sight');
  const seen = lines(shown)[3]!;
  list.blur();
  await userEvent.click(line(shown, seen));
  expect(list.scrollTop).toBe(5000);
  expect(active(shown)).toBe(seen);
});

test('a page at a time, in a list longer than the window', async () => {
  const shown = await focused(Array.from({ length: 500 }, (_, i) => row(i)));
  await allLoaded(shown);
  const page = (): number => Math.floor(find(shown.place, '[role=treegrid]').clientHeight / 28) - 1;
  // More than once: on a busy machine the list gets its last height after its last line.
  const tooFar = async (): Promise<number> => {
    await press('{Home}', '{PageDown}', '{PageDown}');
    return 500 - 2 * page() - Number(active(shown).slice('digits-'.length));
  };
  await expect.poll(tooFar, { timeout: 10_000 }).toBe(0);
  await press('{End}');
  await expect.poll(() => active(shown), { timeout: 10_000 }).toBe('digits-0');
  expect(lines(shown)).not.toContain('digits-499');
  await press('{PageUp}');
  await expect.poll(() => active(shown), { timeout: 10_000 }).toBe(`digits-${page()}`);
});

test('left and right close and open a group, and go between it and its runs', async () => {
  const shown = await focused();
  await press('{ArrowLeft}');
  expect(lines(shown)).toEqual(['digits · 3 of 4 done', 'sine', 'sine-5']);
  expect(line(shown, 'digits').textContent).toContain('best 0.2000');
  await press('{ArrowRight}', '{ArrowRight}');
  expect(active(shown)).toBe('digits-4');
  await press('{ArrowLeft}');
  expect(active(shown)).toBe('digits');
  await press('{Enter}');
  expect(lines(shown)).toHaveLength(3);
});

test('Enter opens, a double click too; Delete asks first', async () => {
  const shown = await focused();
  await press('{ArrowDown}', '{Enter}');
  expect(shown.places.open).toHaveBeenLastCalledWith({ workspace: 'w1', run: 'digits_4' });
  await userEvent.dblClick(line(shown, 'digits-2'));
  expect(shown.places.open).toHaveBeenLastCalledWith({ workspace: 'w1', run: 'digits_2' });
  shown.dialogs.answer = null;
  await press('{Delete}');
  await until(() => shown.dialogs.asked.length === 1, 'it is asked');
  expect(lines(shown)).toContain('digits-2');
  shown.dialogs.answer = [];
  await press('{Delete}');
  await until(() => !lines(shown).includes('digits-2'), 'it is gone');
  expect(active(shown)).toBe('digits-1');
});

test('/ goes to the filter; Enter and Escape come back', async () => {
  const shown = await focused();
  await press('/');
  expect(document.activeElement).toBe(shown.place.querySelector('input'));
  await press('sine', '{Enter}');
  expect(lines(shown)).toEqual(['sine', 'sine-5']);
  expect(document.activeElement).toBe(find(shown.place, '[role=treegrid]'));
  await press('/', '{Escape}');
  expect(lines(shown)).toHaveLength(7);
  await press('{Escape}');
  expect(document.activeElement).toBe(find(shown.place, '[role=treegrid]'));
});

test('Escape closes what explains the filter, and leaves the filter as it is', async () => {
  const shown = await focused();
  await filterBy(shown, 'sine');
  const ask = find(shown.place, '.cellrun-filter-line [aria-expanded]');
  ask.click();
  expect(ask.getAttribute('aria-expanded')).toBe('true');
  ask.focus();
  await press('{Escape}');
  expect(ask.getAttribute('aria-expanded')).toBe('false');
  expect(find(shown.place, '.cellrun-filter-help').hidden).toBe(true);
  expect(lines(shown)).toEqual(['sine', 'sine-5']);
});

test('what a filter or a closed group hides is not selected any more', async () => {
  const shown = await focused();
  await press('{ArrowDown}', '{Control>}a{/Control}');
  await filterBy(shown, 'digits-2');
  expect(text(shown.place, '.cellrun-panel-header')).not.toContain('Compare 5');
  await filterBy(shown, '');
  expect(selected(shown)).toEqual(['digits-2']);
  line(shown, 'digits').click();
  line(shown, 'digits').click();
  expect(selected(shown)).toEqual([]);
});

describe('the menu', () => {
  test('opens by its key, is walked by arrows, and gives the focus back', async () => {
    const shown = await focused();
    await press('{ArrowDown}', '{Shift>}{F10}{/Shift}');
    const menu = find(shown.place, '[role=menu]');
    expect(menu.contains(document.activeElement)).toBe(true);
    await press('{ArrowDown}');
    expect((document.activeElement as HTMLElement).innerText.trim()).toBe('Open log');
    await press('c');
    expect((document.activeElement as HTMLElement).innerText.trim()).toBe('Copy code that gets the run');
    await press('{Escape}');
    expect(shown.place.querySelector('[role=menu]')).toBeNull();
    expect(document.activeElement).toBe(find(shown.place, '[role=treegrid]'));
    await press('{Shift>}{F10}{/Shift}', '{ArrowDown}', '{Enter}');
    expect(shown.places.open).toHaveBeenLastCalledWith({ workspace: 'w1', run: 'digits_4' }, 'log');
  });

  test('of a group: its metrics', async () => {
    const shown = await focused();
    await press('{Shift>}{F10}{/Shift}', '{Enter}');
    await until(() => line(shown, 'digits').innerText.includes('accuracy'), 'the first of them is chosen');
  });

  test('by pointer: for what is selected, or for the line alone', async () => {
    const shown = await focused();
    await userEvent.click(line(shown, 'digits-4'));
    await userEvent.click(line(shown, 'digits-2'), { modifiers: ['Shift'] });
    await userEvent.click(line(shown, 'digits-3'), { button: 'right' });
    const items = [...shown.place.querySelectorAll<HTMLElement>('[role=menuitem]')].map(
      item => item.innerText,
    );
    expect(items.map(item => item.trim().split('\n')[0])).toEqual(['Compare', 'Cancel', 'Delete …']);
    await press('{Enter}');
    expect(shown.places.compare).toHaveBeenCalledWith('w1', ['digits_4', 'digits_3', 'digits_2']);
    await userEvent.click(line(shown, 'digits-1'), { button: 'right' });
    expect(selected(shown)).toEqual(['digits-1']);
    await userEvent.click(shown.place.querySelector('.cellrun-panel-title')!);
    expect(shown.place.querySelector('[role=menu]')).toBeNull();
  });

  test('“⋯” sorts, closes all, and has the actions of the selected run', async () => {
    const shown = await focused();
    const more = async (name: string): Promise<void> => {
      await userEvent.click(shown.place.querySelector('[aria-haspopup=menu]')!);
      const found = [...shown.place.querySelectorAll<HTMLElement>('.cellrun-menu-item')].find(
        item => item.innerText.trim().split('\n').at(-1) === name,
      );
      await userEvent.click(found!);
    };
    await more('Sort by name');
    expect(lines(shown)[1]).toBe('digits-1');
    await more('Collapse all experiments');
    expect(lines(shown)).toHaveLength(2);
    await more('Expand all experiments');
    line(shown, 'digits-1').click();
    await more('Run again');
    await until(() => lines(shown).includes('digits-1001'), 'the new run is there');
  });
});
