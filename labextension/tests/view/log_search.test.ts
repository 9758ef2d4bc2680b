import { userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { atEnd, ESC, has, lines, numbered, withLog } from './log_setup';
import { find, show, text, until, type Shown } from './setup';

describe('search', () => {
  const press = ({ place }: Shown): void =>
    [...place.querySelectorAll('button')].find(button => button.innerText === 'Search')!.click();
  const open = async (needle: string, log: string): Promise<Shown> => {
    const shown = await withLog(log);
    press(shown);
    await userEvent.keyboard(needle);
    return shown;
  };
  // all at once: what is typed slowly, by a busy machine, is looked for letter by letter
  const search = (shown: Shown, needle: string): Promise<void> => {
    press(shown);
    return userEvent.fill(find(shown.place, '.cellrun-log-search input'), needle);
  };
  const found = ({ place }: Shown): string => text(place, '.cellrun-log-search [role=status]');
  const marks = (shown: Shown): string[] =>
    [...lines(shown).querySelectorAll('mark')].map(mark => mark.textContent);

  test('finds lines, the latest first, and steps through them', async () => {
    const shown = await open('LINE 77', numbered(0, 1000));
    expect(found(shown)).toBe('11 of 11 lines'); // 77, 770 … 779
    expect(marks(shown)).toContain('line 77');
    await userEvent.keyboard('{Shift>}{Enter}{/Shift}');
    expect(found(shown)).toBe('10 of 11 lines');
    await userEvent.keyboard('{Enter}{Enter}');
    expect(found(shown)).toBe('1 of 11 lines');
    await until(() => has(shown, 'line 77\n'), 'the first match is in sight');
    await userEvent.keyboard('{Escape}');
    expect(marks(shown)).toEqual([]);
    expect(document.activeElement?.textContent).toBe('Search');
  });

  test('across colours, in lines that come later too', async () => {
    const shown = await open('error', `a${ESC}[31m er${ESC}[32mror${ESC}[0m b\n`);
    expect(marks(shown)).toEqual(['er', 'ror']);
    expect(found(shown)).toBe('1 of 1 lines');
    shown.kernel.tell({ log: 'another Error\n' });
    await until(() => found(shown) === '1 of 2 lines', 'the new match is counted');
  });

  test('says when there is nothing', async () => {
    const shown = await open('zebra', 'horse\n');
    expect(found(shown)).toBe('not found');
    expect(marks(shown)).toEqual([]);
  });

  test('finds what stands before the lines that are held, and shows it there', async () => {
    const whole = numbered(0, 9_000);
    const log = whole.slice(-20_000);
    const start = whole.length - log.length;
    const shown = show();
    const asked: [string, number][] = [];
    const first = whole.indexOf('line 77\n');
    Object.assign(shown.source, {
      searchLog: (text: string, end: number) => {
        asked.push([text, end]);
        const ends = whole.slice(0, end).split('\n').length - 1;
        const lines = [first, whole.indexOf('line 770\n')];
        return Promise.resolve({ count: 12, lines, numbers: [77, 770], ends });
      },
      readLog: (from: number, to: number) => Promise.resolve(new TextEncoder().encode(whole.slice(from, to))),
    });
    const end = whole.length;
    shown.kernel.tell({ reset: true, header: {}, log, logPart: { start, end, size: end, reset: true } });
    await until(() => has(shown, 'line 8999'), 'the tail is drawn');
    await search(shown, 'LINE 77');
    await until(() => found(shown) !== 'searching …', 'all of it was looked through');
    expect(asked).toEqual([['line 77', shown.source.state.log.start]]);
    const [, total] = /^[\d,]+ of ([\d,]+) lines$/.exec(found(shown)) ?? [];
    const held = log.match(/line 77/g)?.length ?? 0;
    expect(total).toBe(String(12 + held));
    const log2 = (): HTMLElement | undefined =>
      [...shown.place.querySelectorAll<HTMLElement>('[role=log]')].find(one => !one.hidden);
    await userEvent.keyboard('{Enter}'); // from the last one round to the first that is told
    await until(() => log2()?.innerText.includes('line 77\n') === true, 'it is shown');
    expect(found(shown)).toBe(`11 of ${12 + held} lines`);
    expect([...log2()!.querySelectorAll('mark')].length).toBeGreaterThan(0);
    const position = find(shown.place, '.cellrun-log-footer button:first-child');
    expect(position.innerText).toBe('to the end ▾');
    const said = /^lines 1–([\d,]+) of 9,000$/.exec(
      text(shown.place, '.cellrun-log-footer .cellrun-numbers'),
    );
    expect(log2()!.innerText).toContain('line 0\n');
    find(shown.place, '[role=log]:not([hidden])').scrollTop = 1e9;
    const last = Number(said?.[1]?.replace(',', '')) - 1;
    await until(() => log2()!.innerText.trimEnd().endsWith(`\nline ${last}`), 'the last one named is there');
    position.click();
    expect(shown.place.querySelectorAll('[role=log]')).toHaveLength(1);
    await until(() => has(shown, 'line 8999') && atEnd(shown), 'the end is shown again');
  });

  test('that fails before what is held says how far it looked, not that there is nothing', async () => {
    const shown = show();
    Object.assign(shown.source, { searchLog: () => Promise.reject(new Error('the server is gone')) });
    const logPart = { start: 5_000, end: 5_009, size: 5_009, reset: true };
    shown.kernel.tell({ reset: true, header: {}, log: 'cut\nlast\n', logPart });
    await until(() => has(shown, 'last'), 'the tail is drawn');
    await search(shown, 'zebra');
    await until(() => found(shown) !== 'searching …', 'it has failed');
    expect(found(shown)).toMatch(/^not in the last \d+ lines?/u);
  });

  test('asks no more for a text that isn’t looked for any more', async () => {
    const shown = show();
    const asked = new Map<string, AbortSignal>();
    Object.assign(shown.source, {
      searchLog: (text: string, _end: number, over: AbortSignal) => {
        asked.set(text, over);
        return new Promise(() => undefined);
      },
    });
    const logPart = { start: 5_000, end: 5_009, size: 5_009, reset: true };
    shown.kernel.tell({ reset: true, header: {}, log: 'cut\nlast\n', logPart });
    await until(() => has(shown, 'last'), 'the tail is drawn');
    press(shown);
    await userEvent.keyboard('a');
    await until(() => asked.get('a')?.aborted === false, 'the first is looked for');
    await userEvent.keyboard('b');
    await until(() => asked.get('ab')?.aborted === false, 'the second is looked for');
    expect(asked.get('a')?.aborted).toBe(true);
    await userEvent.keyboard('{Escape}');
    expect(asked.get('ab')?.aborted).toBe(true);
  });

  test('says that only what is held was looked through, where that is so', async () => {
    const shown = show();
    const logPart = { start: 5_000, end: 5_009, size: 5_009, reset: true };
    shown.kernel.tell({ reset: true, header: {}, log: 'cut\nlast\n', logPart });
    await until(() => has(shown, 'last'), 'the tail is drawn');
    await search(shown, 'last');
    expect(found(shown)).toBe('1 of 1, in the last 1 lines');
  });

  test('says where it looked when only the end of the log is held', async () => {
    const shown = show();
    const logPart = { start: 5_000, end: 5_009, size: 5_009, reset: true };
    shown.kernel.tell({ reset: true, header: {}, log: 'cut\nlast\n', logPart });
    await until(() => has(shown, 'last'), 'the tail is drawn');
    await search(shown, 'zebra');
    expect(found(shown)).toMatch(/^not in the last \d+ lines?/u);
  });
});
