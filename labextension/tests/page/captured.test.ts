import { expect, test } from 'vitest';
import { DETAILS } from '../../dev/fake_api';
import { screenshot } from '../screenshot';
import { find, until } from '../view/setup';
import { KEY, panel, says, showPage } from './setup';

const RUN = `workspaces/${KEY.workspace}/runs/${KEY.run}`;

/** The lines of the table that is shown, each as the texts of its cells. */
function lines(place: HTMLElement): string[][] {
  return [...panel(place).querySelectorAll<HTMLTableRowElement>('.cellrun-captured-table tr')].map(row =>
    [...row.cells].map(cell => cell.innerText.trim()),
  );
}

function choose(place: HTMLElement, label: string): void {
  const options = [...panel(place).querySelectorAll<HTMLElement>('[role=option]')];
  options.find(option => option.innerText.startsWith(label))!.click();
}

test.each(['light', 'dark'])(
  'the code tab has a table of what was captured with the cell, %s',
  async theme => {
    document.documentElement.dataset.theme = theme;
    const { place } = showPage('running', { tab: 'code' });
    await says(place, 'model.partial_fit'); // the cell comes first
    choose(place, 'What was captured');
    await until(() => lines(place).length === 7, 'the table is shown');
    expect(lines(place).slice(0, 3)).toEqual([
      ['Name', 'What', 'Size', 'Needed by', 'Captured as'],
      ['train', 'function, cell 4', '1.1 kB', 'line 1', 'source'],
      ['model', 'SGDClassifier', '12.0 kB', 'line 1', 'value same as digits-2: not sent again'],
    ]);
    expect(lines(place)[4]).toEqual(['np', 'numpy 2.3.1', '', 'train, line 3', 'import']);
    await screenshot(`page-captured-${theme}`, place);
  },
);

test.each([null, []])('a run with which nothing was captured has no such table: %j', async needs => {
  const { place, known } = showPage('running', { tab: 'metrics' });
  known.set(`GET ${RUN}`, { ...DETAILS, needs });
  find(place, '[role=tab]:last-child').click();
  await says(place, 'model.partial_fit');
  expect(panel(place).innerText).not.toContain('What was captured');
});

test('names are text, never markup', async () => {
  const { place, known } = showPage('running', { tab: 'metrics' });
  const need = { ...DETAILS.needs![0]!, name: '<img src=x>', what: '<b>', note: '<i>' };
  known.set(`GET ${RUN}`, { ...DETAILS, needs: [need] });
  find(place, '[role=tab]:last-child').click();
  await says(place, 'What was captured');
  choose(place, 'What was captured');
  await until(() => lines(place).length === 2, 'the table is shown');
  expect(lines(place)[1]!.slice(0, 2)).toEqual(['<img src=x>', '<b>']);
});

test('Japanese', async () => {
  document.documentElement.lang = 'ja';
  const { place } = showPage('running', { tab: 'code' });
  await says(place, '送信されたもの');
  choose(place, '送信されたもの');
  await until(() => lines(place).length === 7, 'the table is shown');
  expect(lines(place)[0]).toEqual(['名前', '内容', 'サイズ', '必要とする箇所', '送信方法']);
});
