import { describe, expect, test, vi } from 'vitest';
import { PageDialogs } from '../../src/actions/dialog';
import { RunActions } from '../../src/actions/run_actions';
import { childColumns, primaryMetric, sortedBy } from '../../src/page/child_columns';
import { FakeRuns, live, row } from '../../dev/fake_runs';
import { HEADER } from '../../dev/fake_kernel';
import { find, until } from '../view/setup';
import { CHILDREN, panel, says, showPage, tab } from './setup';

function texts(place: HTMLElement, selector: string): string[] {
  return [...place.querySelectorAll<HTMLElement>(selector)].map(one => one.innerText.trim());
}

const names = (place: HTMLElement): string[] => texts(panel(place), '.cellrun-child');

describe('child runs of a run', () => {
  test('have a tab that says how many there are, and no tab where there are none', async () => {
    const { place } = showPage('running', { stream: new FakeRuns(CHILDREN) });
    await until(() => !tab(place, 'Child runs').hidden, 'the tab is offered');
    expect(tab(place, 'Child runs').innerText).toBe('Child runs (4)');
    const alone = showPage('running', { stream: new FakeRuns([row(9)]) });
    await until(() => tab(alone.place, 'Child runs').innerText === 'Child runs (0)', 'the answer is there');
    expect(tab(alone.place, 'Child runs').hidden).toBe(true);
  });

  test('are a table of what they were given and what they logged, the best value marked', async () => {
    const { place } = showPage('running', { stream: new FakeRuns(CHILDREN), tab: 'children' });
    await says(place, 'lr-0.0001');
    expect(names(place)).toEqual(['lr-0.1', 'lr-0.01', 'lr-0.001', 'lr-0.0001']);
    expect(texts(panel(place), 'th')).toEqual(['', 'Run', 'Time', 'lr', 'loss', 'accuracy']);
    expect(texts(panel(place), '[data-best]').map(text => text.split(/\s/u)[0])).toEqual([
      '0.2917',
      '0.8900',
    ]);
    expect(find(panel(place), '.cellrun-children-bar').innerText).toContain(
      '2 Completed · 1 Running · 1 Queued',
    );
  });

  test('of a sweep: their hyperparameters stand there once, with as many digits as can be read', async () => {
    const given = ['0.2372695641584702', '0.005174669162466247', '1e-05'];
    const runs = given.map((lr, i) =>
      row(i + 1, {
        parent: HEADER.run_id,
        parameters: { lr, batch: String(16 << i) },
        tags: { hyperparameters: JSON.stringify({ '--lr': Number(lr) }) },
        metrics: {},
      }),
    );
    const { place } = showPage('running', { stream: new FakeRuns(runs), tab: 'children' });
    await until(() => names(place).length === 3, 'they are shown');
    expect(texts(panel(place), 'th')).toEqual(['', 'Run', 'Time', 'lr', 'batch']);
    expect(texts(panel(place), 'td[dir]')).toEqual(['0.2373', '16', '0.005175', '32', '1e-05', '64']);
    const title = panel(place).querySelector<HTMLElement>('td[title]')!.title;
    expect(title).toBe(given[0]);
    const aligned = [...panel(place).querySelectorAll('td[dir]')].map(
      cell => getComputedStyle(cell).textAlign,
    );
    expect(new Set(aligned)).toEqual(new Set(['end']));
  });

  test('are sorted by what is clicked, those without a value last', async () => {
    const { place } = showPage('running', { stream: new FakeRuns(CHILDREN), tab: 'children' });
    await says(place, 'lr-0.0001');
    const click = (label: string): void =>
      [...panel(place).querySelectorAll<HTMLElement>('.cellrun-children-sort')]
        .find(one => one.innerText.startsWith(label))!
        .click();
    click('loss');
    expect(names(place)).toEqual(['lr-0.01', 'lr-0.1', 'lr-0.001', 'lr-0.0001']);
    click('loss');
    expect(names(place)[0]).toBe('lr-0.001');
    expect(find(panel(place), '[aria-sort]').ariaSort).toBe('descending');
    click('accuracy');
    expect(names(place)[0]).toBe('lr-0.01');
  });

  test('come, change and go while they are looked at', async () => {
    const stream = new FakeRuns(CHILDREN);
    const { place } = showPage('running', { stream, tab: 'children' });
    await says(place, 'lr-0.0001');
    const late = live(5, 'Running', { parent: HEADER.run_id, display_name: 'late', metrics: { loss: 0.1 } });
    stream.change([late, row(6, { display_name: 'of nobody' })], ['digits_1']);
    await until(() => names(place).includes('late'), 'the new one is shown');
    expect(names(place)).toEqual(['lr-0.01', 'lr-0.001', 'lr-0.0001', 'late']);
    expect(tab(place, 'Child runs').innerText).toBe('Child runs (4)');
  });

  test('are opened and compared from there', async () => {
    const openRun = vi.fn();
    const compare = vi.fn();
    const stream = new FakeRuns(CHILDREN);
    const { place } = showPage('running', {
      stream,
      openRun,
      tab: 'children',
      actions: within => new RunActions(null as never, new PageDialogs(within, text => text), { compare }),
    });
    await says(place, 'lr-0.0001');
    panel(place).querySelector<HTMLElement>('.cellrun-child')!.click();
    expect(openRun).toHaveBeenCalledWith('digits_1');
    const button = find(panel(place), '.cellrun-children-bar button');
    expect(button.innerText).toBe('Compare 4');
    for (const box of [...panel(place).querySelectorAll('input')].slice(1, 3)) box.click();
    expect(button.innerText).toBe('Compare 2');
    button.click();
    expect(compare).toHaveBeenCalledWith('default', ['digits_2', 'digits_3']);
  });
});

test("a sweep's own metric is the first column, and its goal says what is best", () => {
  const primary = primaryMetric('{"name": "accuracy", "goal": "minimize"}');
  expect(primary).toEqual({ name: 'accuracy', end: 'lowest' });
  const metrics = childColumns(CHILDREN, primary).filter(({ kind }) => kind === 'metric');
  expect(metrics.map(({ label, better }) => [label, better?.end])).toEqual([
    ['accuracy', 'lowest'],
    ['loss', 'lowest'],
  ]);
  for (const wrong of ['', 'x', '[]', '{"name": 1}', 'null']) expect(primaryMetric(wrong)).toBeNull();
});

test('texts are sorted as texts, numbers by their size', () => {
  const runs = ['10', '9', 'x', 'a'].map((lr, i) => row(i, { parameters: { lr } }));
  const [lr] = childColumns(runs, null);
  expect(sortedBy(runs, lr!, false).map(one => one.parameters.lr)).toEqual(['9', '10', 'a', 'x']);
  expect(sortedBy(runs, lr!, true).map(one => one.parameters.lr)).toEqual(['10', '9', 'x', 'a']);
});
