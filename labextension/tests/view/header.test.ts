import { expect, test, vi } from 'vitest';
import type { Status } from '../../src/data/protocol';
import { RunView } from '../../src/view/run_view';
import { find, show, text, until } from './setup';

test('says which run it is and how it goes', async () => {
  const { place } = show('running');
  await until(() => find(place, '.cellrun-name').innerText === 'digits-3', 'the header is drawn');
  expect(find(place, '.cellrun-header').innerText.split(/\n+/)).toEqual([
    'Running',
    'digits-3',
    'digits',
    'local · 1 cpu',
    '00:42',
    'Cancel',
  ]);
});

test.each<[Status, string, string?]>([
  ['NotStarted', 'circle'],
  ['Queued', 'circle'],
  ['Running', 'circle'],
  ['CancelRequested', 'path', 'Stopping'],
  ['Completed', 'path'],
  ['Failed', 'path'],
  ['Canceled', 'path'],
])('%s is a shape and a word', async (status, shape, word = status) => {
  const { place, kernel } = show();
  kernel.tell({ reset: true, header: { status } });
  await until(() => find(place, '[role=status].cellrun-state').innerText === word, 'the state is said');
  expect(place.querySelector(`.cellrun-state svg ${shape}`)).not.toBeNull();
});

test('no two states that a reader must tell apart have one shape', async () => {
  const shapes = new Set<string>();
  for (const status of ['Queued', 'Running', 'CancelRequested', 'Completed', 'Failed', 'Canceled'] as const) {
    const { place, kernel } = show();
    kernel.tell({ reset: true, header: { status } });
    await until(() => place.querySelector('.cellrun-state svg') !== null, 'the state is drawn');
    shapes.add(
      [...find(place, '.cellrun-state').children]
        .map(child => new XMLSerializer().serializeToString(child.firstChild!))
        .join(),
    );
    place.remove(); // a view out of sight draws nothing
  }
  expect(shapes.size).toBe(6);
});

test('an attempt after the first is counted, and the first is not', async () => {
  const { place, kernel } = show('running');
  const shown = (): string[] =>
    [...place.querySelectorAll<HTMLElement>('.cellrun-header .cellrun-chip')]
      .filter(chip => !chip.hidden)
      .map(chip => chip.innerText);
  const first = shown();
  kernel.tell({ header: { attempt: 2 } });
  await until(() => shown().length > first.length, 'it is drawn');
  expect(shown().at(-1)).toBe('attempt 2');
});

test('the time goes on while the run does, from where the kernel said', async () => {
  const { place } = show('running');
  await until(() => text(place, '.cellrun-elapsed') === '00:43', 'a second has passed');
});

test('a view that is opened later shows the time as it is then', async () => {
  const { source } = show('running');
  await new Promise(resolve => setTimeout(resolve, 2_000));
  const later = new RunView(source);
  document.body.append(later.element);
  await until(() => text(later.element, '.cellrun-elapsed') !== '', 'the time is drawn');
  expect(text(later.element, '.cellrun-elapsed')).toMatch(/^00:4[4-9]$/);
  later.dispose();
});

test('the time of an ended run stands', async () => {
  const { place } = show('failed');
  await until(() => text(place, '.cellrun-elapsed') === '00:07', 'the time is drawn');
  await new Promise(resolve => setTimeout(resolve, 1_200));
  expect(text(place, '.cellrun-elapsed')).toBe('00:07');
});

test('Cancel asks the run to stop, once, and once more while that takes long', async () => {
  const { place, kernel } = show('running');
  const button = find(place, '.cellrun-header button') as HTMLButtonElement;
  await until(() => !button.hidden, 'there is a button');
  button.click();
  button.click();
  expect(kernel.sent.filter(message => message.type === 'cancel')).toHaveLength(1);
  const step =
    'canceled: interrupted as by Ctrl-C (SIGINT); told to end if it goes on after 10 s, or at once by another cancel';
  kernel.tell({ header: { status: 'CancelRequested', notes: [step] } });
  await until(() => text(place, '.cellrun-state') === 'Stopping', 'the request is seen');
  expect(text(place, '[role=note]')).toBe(step);
  expect([text(place, '.cellrun-header button'), button.disabled]).toEqual(['Cancel now', true]);
  button.click(); // meant for Cancel, whose place it took
  expect(kernel.sent.filter(message => message.type === 'cancel')).toHaveLength(1);
  await until(() => !button.disabled, 'it has stood there for a while');
  button.click();
  expect(kernel.sent.filter(message => message.type === 'cancel')).toHaveLength(2);
  expect(button.disabled).toBe(true);
  kernel.tell({ header: { status: 'Canceled', cancelable: false } });
  await until(() => getComputedStyle(button).visibility === 'hidden', 'there is nothing to cancel');
});

test('no button comes to the place of another: what is pressed four times for Cancel starts nothing', async () => {
  const again = vi.fn();
  const { place, kernel } = show('running', 1264, { again, open: () => undefined });
  const cancel = [...place.querySelectorAll('button')].find(one => one.textContent === 'Cancel')!;
  await until(() => cancel.getClientRects().length > 0, 'there is a button');
  const { left, top, width, height } = cancel.getBoundingClientRect();
  const press = (): void => {
    const under = document.elementFromPoint(left + width / 2, top + height / 2);
    if (under instanceof HTMLElement) under.click();
  };
  press();
  kernel.tell({ header: { status: 'Canceled', cancelable: false } });
  const shown = (): HTMLElement => find(place, '.cellrun-header [title="Submit the same snapshot again"]');
  await until(() => !shown().hidden, 'it can be run again');
  for (let i = 0; i < 4; i++) press();
  expect(again).not.toHaveBeenCalled();
  shown().click();
  expect(again).toHaveBeenCalledOnce();
});

test('Cancel waits for its effect, whatever comes of the run meanwhile', async () => {
  const { place, kernel } = show('running');
  const button = find(place, '.cellrun-header button') as HTMLButtonElement;
  await until(() => !button.hidden, 'there is a button');
  button.click();
  kernel.tell({ header: { name: 'renamed' } });
  await until(() => text(place, '.cellrun-name') === 'renamed', 'it is drawn');
  expect(button.disabled).toBe(true);
});

test.each([320, 420, 620])(
  'at %i px the name keeps its number, and buttons and arguments are whole',
  async width => {
    const { place, kernel } = show('running', width, {
      again: () => undefined,
      open: () => undefined,
      openTab: () => undefined,
    });
    const name = 'an-experiment-with-a-name-that-is-rather-long-1234';
    const given = '--learning_rate 0.00012345 --momentum 0.987654321';
    kernel.tell({ header: { name, experiment: 'an experiment', arguments: given } });
    await until(() => text(place, '.cellrun-name') === name, 'it is drawn');
    const head = find(place, '.cellrun-header');
    const inside = (element: Element): boolean => {
      const [one, all] = [element.getBoundingClientRect(), place.getBoundingClientRect()];
      return one.width > 0 && one.left >= all.left && one.right <= all.right;
    };
    const end = find(place, '.cellrun-name').lastElementChild!;
    await until(() => end.textContent === '-1234' && inside(end), 'the number is there');
    const buttons = [...head.querySelectorAll('button')].filter(one => one.getClientRects().length > 0);
    expect(buttons.map(inside)).toEqual([true, true]);
    const [chip, facts] = [
      find(head, '.cellrun-chip:not([hidden])'),
      find(head, '.cellrun-header-facts'),
    ].map(one => one.getBoundingClientRect());
    expect(chip!.top).toBeGreaterThanOrEqual(facts!.bottom); // out of sight
    const code = find(place, '.cellrun-footer code');
    expect(code.scrollWidth).toBeLessThanOrEqual(code.clientWidth);
    expect(code.scrollHeight).toBeLessThanOrEqual(code.clientHeight);
  },
);

test('a view whose kernel is gone says how to see the run again, and lets its time stand', async () => {
  const { place, kernel, source } = show('running');
  const button = find(place, '.cellrun-header button') as HTMLButtonElement;
  await until(() => !button.hidden, 'there is a button');
  kernel.isGone = true;
  source.cancel();
  await until(() => getComputedStyle(button).visibility === 'hidden', 'there is nobody to ask');
  expect(text(place, '[role=note] code')).toBe(
    "RunDetails(Run.get(ws, 'digits_1795507200_0a1b2c3d')).show()",
  );
  const time = text(place, '.cellrun-elapsed');
  await new Promise(resolve => setTimeout(resolve, 1_200));
  expect(text(place, '.cellrun-elapsed')).toBe(time);
});

test('a run that failed says why before all else', async () => {
  const { place } = show('failed');
  await until(() => place.querySelector('[role=alert]') !== null, 'there is an alert');
  const [message, rest] = text(place, '[role=alert]').split('\n');
  expect(message).toBe("ValueError: could not convert string to float: 'n/a'");
  expect(rest).toBe(
    'Cell In[4], line 12, in train · exit code 1 · Debug it here: %load_run digits-4. Run again runs the same code once more.',
  );
  expect(text(place, '[role=alert] code')).toBe('%load_run digits-4');
  const alert = find(place, '[role=alert]').getBoundingClientRect();
  expect(alert.bottom).toBeLessThanOrEqual(find(place, '.cellrun-body').getBoundingClientRect().top);
});

test('what to do next is put into a cell by a click', async () => {
  const inserted: string[] = [];
  const { place, view } = show('failed', 1264, {
    insertCell: (code, from) => view.element.contains(from) && inserted.push(code) > 0,
  });
  await until(() => place.querySelector('[role=alert] button') !== null, 'there is a button');
  find(place, '[role=alert] button').click();
  expect(inserted).toEqual(['%load_run digits-4']);
});

test.each([
  '%load_run x\n!touch ran',
  '%load_run {print(1)}',
  '%load_run $x',
  '%run x.py',
  '%load_run x --trust',
])('other code than ours is text: %j', async code => {
  const { place, kernel } = show('failed');
  await until(() => place.querySelector('[role=alert] button') !== null, 'there is a button');
  const error = { message: 'no', where: '', exit: 'exit code 1', next: `Debug it here: \`${code}\`.` };
  kernel.tell({ header: { error } });
  await until(() => place.querySelector('[role=alert] b')?.textContent === 'no', 'it is shown');
  expect(place.querySelector('[role=alert] code')?.textContent).toBe(code);
  expect(place.querySelector('[role=alert] button')).toBe(null);
});

test('and copied where there are no cells, which is said', async () => {
  const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
  const { place } = show('failed');
  await until(() => place.querySelector('[role=alert] button') !== null, 'there is a button');
  const button = find(place, '[role=alert] button');
  button.click();
  await until(() => button.dataset.done === 'copied', 'it is said');
  expect(write.mock.calls).toEqual([['%load_run digits-4']]);
  write.mockRestore();
});

test('what to do about a failed run is said in Japanese, with the run’s own name', async () => {
  document.documentElement.lang = 'ja';
  const { place } = show('failed');
  await until(() => place.querySelector('[role=alert]') !== null, 'there is an alert');
  expect(text(place, '[role=alert]')).toContain('ここでデバッグ：%load_run digits-4。');
  expect(text(place, '[role=alert] code')).toBe('%load_run digits-4');
});

test.each([
  [{ names: 7, bytes: 1_234_567 }, '7 names, 1.2 MB captured'],
  [{ names: 1, bytes: 20 }, '1 name, 20 B captured'],
  [{ names: 0, bytes: 18_000 }, '18.0 kB captured'],
])('the footer says what was captured with a cell: %j', async (captured, said) => {
  const { place, kernel } = show();
  kernel.tell({ reset: true, header: { captured, arguments: '' } });
  await until(() => find(place, '.cellrun-footer').innerText === said, 'it is said');
});

test.each([{ captured: null }, { captured: { names: 0, bytes: 0 } }])(
  'where nothing was captured, nothing is said of it: %j',
  async said => {
    const { place, kernel } = show();
    kernel.tell({ reset: true, header: { ...said, arguments: '--rate 1' } });
    await until(() => find(place, '.cellrun-footer').innerText === '--rate 1', 'the arguments are there');
    kernel.tell({ header: { arguments: '' } });
    await until(() => find(place, '.cellrun-footer').hidden, 'there is nothing to say');
  },
);

test('notes, trouble and arguments are said', async () => {
  const { place, kernel } = show('long');
  await until(() => place.querySelector('[role=note]') !== null, 'the note is drawn');
  expect(text(place, '[role=note]')).toBe('2 damaged records: events/0a1b2c3d.jsonl at byte 4096');
  expect(text(place, '.cellrun-footer')).toMatch(/^--path an-experiment/);
  kernel.emit({ type: 'error', message: 'it has ended' });
  await until(() => place.querySelectorAll('[role=note]').length === 2, 'the problem is said');
});

test('Japanese', async () => {
  document.documentElement.lang = 'ja';
  const { place } = show('running');
  await until(() => text(place, '.cellrun-state') === '実行中', 'the state is said');
  expect(text(place, '.cellrun-header button')).toBe('キャンセル');
});
