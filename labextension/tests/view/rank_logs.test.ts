import { userEvent } from 'vitest/browser';
import { expect, test } from 'vitest';
import type { ToKernel } from '../../src/data/protocol';
import { has } from './log_setup';
import { find, show, text, texts, until, type Shown } from './setup';

const bytes = (printed: string): Uint8Array => new TextEncoder().encode(printed);
const choice = ({ place }: Shown): HTMLSelectElement =>
  find(place, '.cellrun-log-footer select') as HTMLSelectElement;

type Question = Extract<ToKernel, { type: 'rank_log' }>;

/** A view of a run of so many processes, whose kernel answers with what each has printed by now. */
function withRanks(ranks: number, printed: Map<number, string>): Shown & { asked: Question[] } {
  const shown = show();
  const asked: Question[] = [];
  const send = shown.kernel.send.bind(shown.kernel);
  shown.kernel.send = content => {
    send(content);
    if (content.type !== 'rank_log') return;
    asked.push(content);
    const whole = bytes(printed.get(content.rank) ?? '');
    const start = content.start ?? 0;
    const answer = { type: 'rank_log', rank: content.rank, start, size: whole.length } as const;
    queueMicrotask(() => shown.kernel.emit(answer, [whole.slice(start)]));
  };
  shown.kernel.tell({ reset: true, header: { ranks }, log: 'of the first\n' });
  return { ...shown, asked };
}

test('a run of one process has no choice of a log', async () => {
  const shown = show();
  shown.kernel.tell({ reset: true, header: {}, log: 'alone\n' });
  await until(() => has(shown, 'alone'), 'the log is drawn');
  expect(choice(shown).hidden).toBe(true);
});

test('another process’s log is shown once it is chosen, live, and found in', async () => {
  const printed = new Map([[1, 'of the second\n']]);
  const shown = withRanks(2, printed);
  await until(() => has(shown, 'of the first'), 'the run’s log is drawn');
  expect(texts(choice(shown), 'option')).toEqual(['rank 0 · std_log.txt', 'rank 1 · std_log_1.txt']);
  expect(shown.asked).toEqual([]); // nobody looks at it
  await userEvent.selectOptions(choice(shown), '1');
  await until(() => has(shown, 'of the second') && !has(shown, 'of the first'), 'the other log is drawn');
  printed.set(1, 'of the second\nand more\n');
  await until(() => has(shown, 'and more'), 'what came since is drawn');
  expect(shown.asked.slice(0, 2).map(question => question.start)).toEqual([null, 14]);
  [...shown.place.querySelectorAll('button')].find(button => button.innerText === 'Search')!.click();
  await userEvent.keyboard('and more');
  expect(text(shown.place, '.cellrun-log-search [role=status]')).toBe('1 of 1 lines');
  shown.kernel.tell({ log: 'meanwhile\n' });
  await userEvent.selectOptions(choice(shown), '0');
  await until(() => has(shown, 'of the first\nmeanwhile'), 'the run’s log is whole again');
});

test('of a run that has ended it is asked until all of it came', async () => {
  const shown = withRanks(300, new Map([[299, 'the last\n']]));
  shown.kernel.tell({ header: { status: 'Completed' } });
  await until(() => choice(shown).length === 300, 'all can be chosen');
  await userEvent.selectOptions(choice(shown), '299');
  await until(() => has(shown, 'the last'), 'its log is drawn');
  const count = shown.asked.length;
  await new Promise(resolve => setTimeout(resolve, 1_500));
  expect(shown.asked.length).toBe(count);
  await userEvent.selectOptions(choice(shown), '5');
  await until(
    () => text(shown.place, '.cellrun-log-body .cellrun-empty') === 'This run printed nothing.',
    'it is said',
  );
});

test('an attempt that begins a log anew is shown from its beginning', async () => {
  const printed = new Map([[1, 'a long first attempt\n']]);
  const shown = withRanks(2, printed);
  await userEvent.selectOptions(choice(shown), '1');
  await until(() => has(shown, 'a long first'), 'its log is drawn');
  printed.set(1, 'second\n');
  await until(() => has(shown, 'second') && !has(shown, 'a long first'), 'the new one is drawn');
});
