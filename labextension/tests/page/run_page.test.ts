import { userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { DETAILS, OUTPUTS, ROW } from '../../dev/fake_api';
import type { PageTab } from '../../src/view/actions';
import { card, find, text, until } from '../view/setup';
import { KEY, panel, says, showPage, tab } from './setup';

const RUN = `workspaces/${KEY.workspace}/runs/${KEY.run}`;

describe('tabs', () => {
  test('are tabs to a screen reader, and arrows move between them', async () => {
    const told: PageTab[] = [];
    const { place } = showPage('running', { tabChanged: one => told.push(one) });
    expect([...place.querySelectorAll<HTMLElement>('[role=tab]')].map(one => one.innerText)).toEqual([
      'Metrics',
      'Log',
      'Details',
      'Outputs',
      'Code',
    ]);
    tab(place, 'Metrics').focus();
    await userEvent.keyboard('{ArrowRight}{ArrowRight}');
    expect(document.activeElement).toBe(tab(place, 'Details'));
    expect(panel(place).getAttribute('aria-labelledby')).toBe(tab(place, 'Details').id);
    await userEvent.keyboard('{End}{ArrowRight}');
    expect(document.activeElement).toBe(tab(place, 'Metrics'));
    expect(told).toEqual(['metrics', 'log', 'details', 'code', 'metrics']);
    expect(
      [...place.querySelectorAll<HTMLElement>('[role=tab]')].filter(one => one.tabIndex === 0),
    ).toHaveLength(1);
  });

  test('all facts of its details are in sight', async () => {
    const { place } = showPage();
    tab(place, 'Details').click();
    await until(() => (place.querySelector('dl.cellrun-facts')?.children.length ?? 0) > 5, 'they are there');
    for (const list of place.querySelectorAll('dl.cellrun-facts'))
      expect(list.scrollHeight).toBeLessThanOrEqual(list.clientHeight + 1);
  });

  test('nothing but the number of outputs is asked for before its tab is opened, and once', async () => {
    const { place, asked } = showPage();
    await card(place, 'loss');
    expect(asked).toEqual([`GET ${RUN}/outputs`]);
    tab(place, 'Outputs').click();
    await says(place, 'outputs/report.csv');
    tab(place, 'Metrics').click();
    tab(place, 'Outputs').click();
    expect(asked.filter(one => one === `GET ${RUN}/outputs`)).toHaveLength(2);
  });

  test('the log has the whole height', () => {
    const { place } = showPage('running', { tab: 'log' });
    expect(find(panel(place), '.cellrun-log-lines').clientHeight).toBeGreaterThan(600);
  });
});

describe('details', () => {
  test('say all that is known', async () => {
    const { place } = showPage('running', { tab: 'details' });
    await says(place, 'learning_rate');
    const shown = panel(place).innerText;
    for (const fact of [
      'digits.ipynb',
      'dataset=digits',
      'CPython 3.11.9',
      'AMD EPYC, 2 cores',
      '8.0 GB',
      'A100',
      'main',
    ])
      expect(shown).toContain(fact);
    expect(shown).toContain('1 changed, 2 untracked');
    expect(find(place, '.cellrun-snippet').innerText).toContain("Run.get(Workspace.get('default')");
    find(place, 'summary').click();
    expect(text(place, '.cellrun-diff-removed')).toContain('-rate = 0.01');
  });

  test('packages are found by name', async () => {
    const { place } = showPage('running', { tab: 'details' });
    await says(place, 'Packages (123)');
    const input = find(place, '.cellrun-packages-box input') as HTMLInputElement;
    await userEvent.fill(input, 'SCIKIT');
    expect(text(place, '.cellrun-packages')).toBe('scikit-learn 1.1.0');
    await userEvent.fill(input, 'nowhere');
    expect(text(place, '.cellrun-packages')).toContain('“nowhere”');
  });

  test('name and tags are edited by the actions, and shown as they are then', async () => {
    const { place, known, asked } = showPage('running', { tab: 'details' });
    await says(place, 'dataset=digits');
    known.set(`PATCH ${RUN}`, { ...ROW, tags: { worst: null } });
    known.set(`GET ${RUN}`, { ...DETAILS, row: { ...ROW, tags: { worst: null } } });
    [...panel(place).querySelectorAll('button')].find(one => one.innerText === 'Edit name and tags')!.click();
    const fields = find(place, 'dialog').querySelectorAll('input');
    await userEvent.fill(fields[1]!, 'worst');
    find(place, 'dialog .cellrun-button-main').click();
    await until(
      () => panel(place).querySelector('.cellrun-chip')?.textContent === 'worst',
      'the new tag is shown',
    );
    expect(asked).toContain(`PATCH ${RUN}`);
  });

  test('are loaded again when the run changes', async () => {
    const { place, kernel, known } = showPage('running', { tab: 'details' });
    await says(place, 'learning_rate');
    known.set(`GET ${RUN}`, {
      ...DETAILS,
      row: { ...ROW, status: 'Failed', reason: 'exit code 3' },
    });
    kernel.tell({ header: { status: 'Failed' } });
    await says(place, 'exit code 3');
  });

  test('the run that this one repeats is a link', async () => {
    const opened: string[] = [];
    const { place } = showPage('running', { tab: 'details', openRun: run => opened.push(run) });
    await says(place, 'Repeats');
    [...panel(place).querySelectorAll('button')]
      .find(one => one.innerText.startsWith('digits_17955'))!
      .click();
    expect(opened).toEqual(['digits_1795500000_00000001']);
  });
});

describe('outputs', () => {
  const choose = (place: HTMLElement, name: string): void => find(place, `[data-name="${name}"]`).click();

  test('are listed with sizes; images and texts are shown', async () => {
    const { place } = showPage('running', { tab: 'outputs' });
    await says(place, '1.2 MB');
    expect(tab(place, 'Outputs').innerText).toBe('Outputs (13)');
    await until(
      () => place.querySelector<HTMLImageElement>('.cellrun-preview-image')?.naturalWidth === 320,
      'the image is shown',
    );
    choose(place, 'outputs/huge.log');
    await until(
      () => place.querySelector('.cellrun-source-text')?.textContent.startsWith('line\n') === true,
      'the text is shown',
    );
    expect(text(place, '.cellrun-source-numbers')).toMatch(/^1\n2\n/);
    expect(text(place, '.cellrun-skipped')).toContain('outputs/key');
  });

  test('what can’t be shown says so', async () => {
    const { place } = showPage('running', { tab: 'outputs' });
    await says(place, 'outputs/model.pkl');
    choose(place, 'outputs/model.pkl');
    await says(place, 'There is no preview');
    choose(place, 'outputs/empty.txt');
    await says(place, 'The file is empty.');
    choose(place, 'outputs/huge.log');
    await says(place, 'The first 25.0 kB are shown');
  });

  test('each file, and all of them, can be downloaded', async () => {
    const { place } = showPage('running', { tab: 'outputs' });
    await says(place, 'outputs/model.pkl');
    choose(place, 'outputs/model.pkl');
    const links = [...panel(place).querySelectorAll<HTMLAnchorElement>('a[download]')].map(
      link => link.pathname + link.search,
    );
    expect(links).toEqual([
      `/cellrun/api/${RUN}/archive?of=outputs`,
      `/cellrun/api/${RUN}/outputs/outputs/model.pkl`, // beside its name, and where it would be shown
      `/cellrun/api/${RUN}/outputs/outputs/model.pkl`,
    ]);
  });

  test('the arrows go from file to file', async () => {
    const { place } = showPage('running', { tab: 'outputs' });
    await says(place, 'outputs/model.pkl');
    choose(place, 'outputs/confusion.png');
    find(place, '[data-name="outputs/confusion.png"]').focus();
    await userEvent.keyboard('{ArrowDown}');
    expect(text(place, '.cellrun-preview-head b')).toBe('outputs/report.csv');
  });

  test('none yet, and none at all', async () => {
    const { place, kernel, known } = showPage('running', { tab: 'outputs' });
    known.set(`GET ${RUN}/outputs`, { ...OUTPUTS, files: [], skipped: [] });
    await says(place, 'model.pkl');
    [...panel(place).querySelectorAll('button')].find(one => one.innerText === 'Reload')!.click();
    await says(place, 'No outputs yet.');
    kernel.tell({ header: { status: 'Completed' } });
    await says(place, 'This run wrote no outputs.');
  });

  test('a refusal is said in the server’s words, and can be tried again', async () => {
    const { place, known } = showPage('running', {}, 1200);
    const outputs = known.get(`GET ${RUN}/outputs`)!;
    known.delete(`GET ${RUN}/outputs`);
    tab(place, 'Outputs').click();
    await says(place, `This could not be loaded: no ${RUN}/outputs here`);
    known.set(`GET ${RUN}/outputs`, outputs);
    find(panel(place), '[role=alert] button').click();
    await says(place, 'outputs/model.pkl');
  });
});

describe('code', () => {
  test('the cell is first, then the snapshot’s files', async () => {
    const { place } = showPage('running', { tab: 'code' });
    await says(place, '%%submit digits');
    await until(() => place.querySelector('[data-language=python]') !== null, 'it is coloured');
    expect(place.querySelector('.cellrun-code-keyword')?.textContent).toBe('for');
    expect(place.querySelector('.cellrun-code-string')?.textContent).toBe("'loss'");
    expect([...panel(place).querySelectorAll('.cellrun-file-name')].map(one => one.textContent)).toEqual([
      'The cell',
      'What was captured',
      'cell.py',
      'digits/data.py',
    ]);
    expect(text(place, '.cellrun-source-numbers').trim().split('\n')).toHaveLength(4);
    find(place, '[data-name="digits/data.py"]').click();
    await says(place, 'import numpy as np');
  });

  test('an interactive run has none', async () => {
    const { place, known } = showPage('sine');
    known.set(`GET ${RUN}/snapshot`, { files: [], skipped: [] });
    known.set(`GET ${RUN}`, { ...DETAILS, record: {}, needs: null });
    await card(place, 'sine');
    tab(place, 'Code').click();
    await says(place, 'its code is the notebook');
  });
});

test('how the run goes is told to the title of a tab that is not in sight', () => {
  const told: string[] = [];
  const { place, kernel } = showPage('running', { headerChanged: ({ status }) => told.push(status) });
  place.hidden = true;
  kernel.tell({ header: { status: 'Completed', cancelable: false } });
  expect(told).toEqual(['Running', 'Completed']);
});

test('Run again submits once and shows the new run', async () => {
  const opened: string[] = [];
  const { place, asked } = showPage('failed', { openRun: run => opened.push(run) });
  const button = (): HTMLButtonElement | undefined =>
    [...place.querySelectorAll<HTMLButtonElement>('.cellrun-header button')].find(
      one => one.innerText === 'Run again',
    );
  await until(() => button()?.hidden === false, 'the button is there');
  button()!.click();
  button()!.click();
  await until(() => opened.length > 0, 'the new run is shown');
  expect(opened).toEqual(['digits_1795507300_0000000a']);
  expect(asked.filter(one => one.startsWith('POST'))).toHaveLength(1);
});

test('Japanese', async () => {
  document.documentElement.lang = 'ja';
  const { place } = showPage('running', { tab: 'details' });
  await says(place, '状態の履歴');
  expect(tab(place, 'コード').innerText).toBe('コード');
});

test('nothing is left of a page that was taken away', async () => {
  const { page, place, kernel } = showPage('running', { tab: 'outputs' });
  await says(place, 'model.pkl');
  page.dispose();
  expect(place.children).toHaveLength(0);
  kernel.tell({ header: { status: 'Completed' } });
});

test('a run that can’t be read says why, and no longer that it is on its way', async () => {
  const { place, kernel } = showPage('nothing');
  expect(find(place, '.cellrun-state').textContent).toBe('Loading the run');
  kernel.emit({ type: 'error', message: 'run digits_1 is damaged' });
  await until(() => place.innerText.includes('run digits_1 is damaged'), 'it is said');
  expect(find(place, '.cellrun-state').textContent).toBe('');
});

test('a run that isn’t there is said, and nothing else is shown', async () => {
  const { place, kernel } = showPage('nothing');
  kernel.isGone = true;
  kernel.emit({ type: 'error', message: 'no such run' });
  find(place, '[role=tab][aria-selected=true]'); // what is being loaded has its place
  await until(() => place.querySelector('[role=alert]') !== null, 'it is said');
  expect(place.innerText).toContain(KEY.run);
  expect(place.querySelector('[role=tab]')).toBeNull();
});
