import { expect, test } from 'vitest';
import { DETAILS } from '../../dev/fake_api';
import { find } from '../view/setup';
import { KEY, says, showPage, tab } from './setup';

const RUN = `workspaces/${KEY.workspace}/runs/${KEY.run}`;
const INPUT = {
  name: 'train',
  side: 'input',
  what: 'mydata:3',
  registered: '',
  mode: 'mount',
  files: 2,
  bytes: 6,
};
const OUTPUT = {
  ...{ name: 'm', side: 'output', what: 's/m', registered: 'best:1' },
  ...{ mode: 'upload', files: null, bytes: null },
};

test('inputs and outputs are listed with the details of a run that has any', async () => {
  const { place, known } = showPage();
  known.set(`GET ${RUN}`, { ...DETAILS, data: [INPUT, OUTPUT] });
  tab(place, 'Details').click();
  await says(place, 'mydata:3');
  const rows = [...find(place, '[role=region][aria-label=Data]').querySelectorAll('tbody tr')];
  expect(rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent))).toEqual([
    ['train', 'input', 'mydata:3', 'mount', '2 files, 6 B'],
    ['m', 'output', 's/m, registered as best:1', 'upload', ''],
  ]);
});

test('a run without data, or of a server that tells none, has no such part', async () => {
  const { place } = showPage();
  tab(place, 'Details').click();
  await says(place, 'Environment');
  expect(place.querySelector('[aria-label=Data]')).toBeNull();
});
