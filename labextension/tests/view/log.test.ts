import { describe, expect, test, vi } from 'vitest';
import { atEnd, ESC, has, lines, numbered, withLog } from './log_setup';
import { find, show, text, until, type Shown } from './setup';

const footer = ({ place }: Shown): string => text(place, '.cellrun-log-footer').replace(/\s+/g, ' ');

/** The first line that is seen. */
function topLine(shown: Shown): string {
  const log = lines(shown);
  const { top } = log.getBoundingClientRect();
  const line = [...log.querySelectorAll('.cellrun-log-window > div')].find(
    element => element.getBoundingClientRect().bottom > top + 1,
  );
  return line?.textContent ?? '';
}

/** Scroll as a reader does, until the view has noticed. */
async function scroll(shown: Shown, top: number): Promise<void> {
  const log = lines(shown);
  const noticed = new Promise(resolve => log.addEventListener('scroll', resolve, { once: true }));
  log.scrollTop = top;
  await noticed;
}

describe('following', () => {
  test('the end is in sight, however much comes', async () => {
    const shown = await withLog(numbered(0, 1000));
    expect(atEnd(shown)).toBe(true);
    expect(footer(shown)).toBe('following ▾ 1,000 lines Wrap Search Download');
    for (let i = 0; i < 20; i++) shown.kernel.tell({ log: numbered(1000 + 100 * i, 1100 + 100 * i) });
    await until(() => has(shown, 'line 2999'), 'the last line is drawn');
    expect(atEnd(shown)).toBe(true);
    expect(shown.place.querySelectorAll('.cellrun-log-window > div').length).toBeLessThanOrEqual(240);
  });

  test('scrolling up pauses, keeps the place, counts what is new; a click goes on', async () => {
    const shown = await withLog(numbered(0, 1000));
    await scroll(shown, lines(shown).scrollTop - 3000);
    const top = topLine(shown);
    expect(footer(shown)).toMatch(/^paused · 0 new lines ▾/);
    shown.kernel.tell({ log: numbered(1000, 1132) });
    await until(() => footer(shown).startsWith('paused · 132 new lines ▾'), 'the new lines are counted');
    expect(topLine(shown)).toBe(top);
    find(shown.place, '.cellrun-log-footer [data-paused]').click();
    await until(() => has(shown, 'line 1131') && atEnd(shown), 'the end is back');
    expect(footer(shown)).toMatch(/^following/);
  });

  test('a wheel that turns up pauses before anything has moved', async () => {
    const shown = await withLog(numbered(0, 1000));
    lines(shown).dispatchEvent(new WheelEvent('wheel', { deltaY: -1 }));
    shown.kernel.tell({ log: numbered(1000, 1010) });
    await until(() => footer(shown).startsWith('paused · 10 new lines'), 'the new lines are counted');
    expect(atEnd(shown)).toBe(false);
    expect(topLine(shown)).toMatch(/^line 9/);
  });

  test('so does scrolling back to the end', async () => {
    const shown = await withLog(numbered(0, 1000));
    await scroll(shown, 100);
    expect(footer(shown)).toMatch(/^paused/);
    await scroll(shown, lines(shown).scrollHeight);
    expect(footer(shown)).toMatch(/^following/);
  });

  test('a line is found at every height', async () => {
    const shown = await withLog(numbered(0, 5000));
    for (const line of [0, 2500, 777, 4200, 12]) {
      await scroll(shown, line * 17 + 6);
      await until(() => topLine(shown) === `line ${line}`, `line ${line} is at the top`);
    }
  });

  test('small steps reach the beginning', async () => {
    const shown = await withLog(numbered(0, 600));
    while (lines(shown).scrollTop > 0) await scroll(shown, Math.max(0, lines(shown).scrollTop - 400));
    expect(topLine(shown)).toBe('line 0');
  });

  test('a pane that grows goes on following', async () => {
    const shown = await withLog(numbered(0, 1000));
    const noticed = new Promise(resolve => lines(shown).addEventListener('scroll', resolve, { once: true }));
    find(shown.place, '.cellrun-log').style.minHeight = '500px';
    await noticed;
    expect(atEnd(shown)).toBe(true);
    expect(footer(shown)).toMatch(/^following/);
  });

  test('scrolled up in a run that ended, there is nothing new to wait for', async () => {
    const shown = await withLog(numbered(0, 1000));
    shown.kernel.tell({ header: { status: 'Completed' } });
    await until(() => footer(shown).startsWith('ended'), 'the end is said');
    await scroll(shown, 100);
    expect(footer(shown)).toMatch(/^ended/);
  });

  test('an ended run says so', async () => {
    const shown = await withLog('one\n');
    shown.kernel.tell({ header: { status: 'Completed' } });
    await until(() => footer(shown) === 'ended 1 line Wrap Search Download', 'the end is said');
  });
});

describe('what is drawn', () => {
  test('a progress bar stays one line while it moves', async () => {
    const shown = await withLog('start\n 10%|#   |');
    const line = (): string =>
      lines(shown).querySelector('.cellrun-log-window')!.lastElementChild!.textContent;
    shown.kernel.tell({ log: '\r 50%|##  |' });
    await until(() => line() === ' 50%|##  |', 'the bar has moved');
    shown.kernel.tell({ log: '\r100%|####|\ndone\n' });
    await until(() => line() === 'done', 'the bar has ended');
    expect(lines(shown).innerText).toBe('start\n100%|####|\ndone');
  });

  test('colours', async () => {
    const shown = await withLog(`${ESC}[31mred ${ESC}[38;2;1;2;3;1mtrue${ESC}[0m plain\n`);
    const [red, exact] = [...lines(shown).querySelectorAll('span')];
    expect(red!.textContent).toBe('red ');
    expect(getComputedStyle(red!).color).toBe('rgb(198, 40, 40)');
    expect(getComputedStyle(exact!).color).toBe('rgb(1, 2, 3)');
    expect(getComputedStyle(exact!).fontWeight).toBe('700');
  });

  test('long lines are wrapped on demand', async () => {
    const shown = await withLog(`${'x'.repeat(2000)}\nend\n`);
    expect(lines(shown).scrollWidth).toBeGreaterThan(2000);
    const wrap = [...shown.place.querySelectorAll('button')].find(button => button.innerText === 'Wrap')!;
    wrap.click();
    expect(wrap.getAttribute('aria-pressed')).toBe('true');
    expect(lines(shown).scrollWidth).toBe(lines(shown).clientWidth);
    wrap.click();
    expect(lines(shown).scrollWidth).toBeGreaterThan(2000);
  });

  test('wrapped lines keep their place when more come', async () => {
    const shown = await withLog(`${'word '.repeat(60)}\n`.repeat(500));
    [...shown.place.querySelectorAll('button')].find(button => button.innerText === 'Wrap')!.click();
    await until(() => atEnd(shown), 'the end is in sight');
    await scroll(shown, lines(shown).scrollTop - 2000);
    const before = lines(shown).getBoundingClientRect().top;
    const line = [...lines(shown).querySelectorAll('.cellrun-log-window > div')].find(
      element => element.getBoundingClientRect().bottom > before,
    )!;
    const { top } = line.getBoundingClientRect();
    shown.kernel.tell({ log: numbered(0, 100) });
    await until(() => footer(shown).startsWith('paused · 100'), 'more has come');
    expect(Math.abs(line.getBoundingClientRect().top - top)).toBeLessThanOrEqual(1);
  });
});

describe('older lines', () => {
  const tail = { start: 100_000, end: 0, size: 0, reset: true };

  test('are asked for at the top, and come without moving what is read', async () => {
    const shown = show();
    const log = `cut\n${numbered(0, 1000)}`;
    const end = tail.start + log.length;
    shown.kernel.tell({ reset: true, header: {}, log, logPart: { ...tail, end, size: end } });
    await until(() => has(shown, 'line 999'), 'the tail is drawn');
    expect(footer(shown)).toContain('last 1,000 lines');
    await scroll(shown, 200);
    const top = topLine(shown);
    expect(shown.kernel.sent.at(-1)).toEqual({ type: 'log', start: 0, end: 100_004 });
    const older = new TextEncoder().encode('older\n'.repeat(20_000).slice(0, 100_003) + '\n');
    shown.kernel.emit({ type: 'log', start: 0, end: 100_004 }, [older]);
    await until(() => !footer(shown).includes('last'), 'the whole log is there');
    expect(topLine(shown)).toBe(top);
    await scroll(shown, 0);
    await until(() => topLine(shown) === 'older', 'the beginning is seen');
  });

  test('that are not held are named with their size', async () => {
    const shown = show();
    const log = 'cut\nlast\n';
    shown.kernel.tell({
      reset: true,
      header: {},
      log,
      logPart: { ...tail, start: 9_990_000_000, end: 9_990_000_009, size: 9_990_000_009 },
    });
    await until(() => has(shown, '… 10.0 GB earlier'), 'it is said');
    lines(shown).querySelector('button')!.click();
    expect(shown.kernel.sent.at(-1)).toEqual({
      type: 'log',
      start: 9_990_000_004 - 262_144,
      end: 9_990_000_004,
    });
  });
});

test('download saves the bytes that are held, as they are', async () => {
  const log = `${ESC}[31mred${ESC}[0m\r\nä\n`;
  const shown = await withLog(log);
  let saved: Promise<string> | undefined;
  const clicked = new Promise<HTMLAnchorElement>(resolve => {
    const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      saved = fetch(this.href).then(response => response.text());
      click.mockRestore();
      resolve(this);
    });
  });
  [...shown.place.querySelectorAll('button')].find(button => button.innerText === 'Download')!.click();
  expect((await clicked).download).toBe('digits-3.log');
  expect(await saved).toBe(log);
});
