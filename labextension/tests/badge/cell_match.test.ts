import { describe, expect, test } from 'vitest';
import { runOf, type CellFacts, type KnownRun, type Runs } from '../../src/badge/cell_match';
import { row } from '../compare/fake_server';
import { cellRow, NOTEBOOK } from './fake_runs';

const SOURCE = '%%submit digits\ntrain()';

/** Runs of a workspace `w`. */
function known(...runs: KnownRun[]): Runs {
  return {
    get: ({ run }) => runs.find(one => one.row.id === run),
    latestOf: (notebook, id) =>
      runs.find(one => one.row.cell?.notebook === notebook && one.row.cell.id === id),
  };
}

const run = (one: KnownRun['row'], source: string | null | undefined = SOURCE): KnownRun => ({
  workspace: 'w',
  row: one,
  source,
});

/** Of a cell whose magic gives a value to a variable, a run keeps no value. */
const WITH_VALUE = SOURCE.replace('digits', 'digits --env KEY=hush');

function cell(fields: Partial<CellFacts> = {}): CellFacts {
  return { notebook: NOTEBOOK, id: 'c1', text: SOURCE, references: [], ...fields };
}

const shows = (id: string): Partial<CellFacts> => ({ references: [{ workspace: 'w', run: id }] });

describe('which run', () => {
  test('the one that the output names', () => {
    const found = runOf(cell({ id: 'other', ...shows('digits-1') }), known(run(cellRow('digits-1', 'c1'))));
    expect(found?.key).toEqual({ workspace: 'w', run: 'digits-1' });
  });

  test("else the cell's own, by notebook and id", () => {
    const runs = known(run(cellRow('digits-1', 'c1')));
    expect(runOf(cell(), runs)?.row.id).toBe('digits-1');
    expect(runOf(cell({ id: 'c2' }), runs)).toBeNull();
    expect(runOf(cell({ notebook: '/home/me/other.ipynb' }), runs)).toBeNull();
    expect(runOf(cell({ notebook: null }), runs)).toBeNull();
  });

  test("the cell's own where it is later: a page that was reloaded has what was saved", () => {
    const runs = known(
      run(cellRow('digits-2', 'c1', { created_at: 200 })),
      run(cellRow('digits-1', 'c1', { created_at: 100 })),
    );
    expect(runOf(cell(shows('digits-1')), runs)?.row.id).toBe('digits-2');
    const older = known(
      run(cellRow('digits-1', 'c1', { created_at: 100 })),
      run(row('x', { created_at: 200 })),
    );
    expect(runOf(cell(shows('x')), older)?.row.id).toBe('x');
  });

  test('none for one that is gone, or not known yet', () => {
    expect(runOf(cell(shows('digits-1')), known())).toBeNull();
  });
});

describe('whether the cell has changed', () => {
  const runs = known(run(cellRow('digits-1', 'c1')));

  test.each([
    [SOURCE, false],
    [`${SOURCE}\n`, false],
    [SOURCE.replace('\n', '\r\n'), false],
    [`${SOURCE} # slower`, true],
    [` ${SOURCE}`, true],
    ['', true],
  ])('%j: %s', (text, changed) => {
    expect(runOf(cell({ text }), runs)?.hasChanged).toBe(changed);
  });

  test('a copy that was edited has, one that was not has not', () => {
    const copy = { id: 'copy', ...shows('digits-1') };
    expect(runOf(cell(copy), runs)?.hasChanged).toBe(false);
    expect(runOf(cell({ ...copy, text: '%%submit digits\nother()' }), runs)?.hasChanged).toBe(true);
    expect(runOf(cell({ ...copy, text: 'x = 1\n%start_logging digits' }), runs)?.hasChanged).toBe(true);
  });

  test('a value of a variable is kept masked, and no change', () => {
    const runs = known(run(cellRow('digits-1', 'c1'), WITH_VALUE.replace('hush', '***')));
    expect(runOf(cell({ text: WITH_VALUE }), runs)?.hasChanged).toBe(false);
    expect(runOf(cell({ text: `${WITH_VALUE}\nother()` }), runs)?.hasChanged).toBe(true);
  });

  test("a cell that only shows another one's run has not", () => {
    const text = 'RunDetails(run).show()';
    expect(runOf(cell({ id: 'other', text, ...shows('digits-1') }), runs)?.hasChanged).toBe(false);
  });

  test('nobody knows of a run without a cell, or before its text came', () => {
    for (const source of [null, undefined]) {
      const unknown = known({ ...run(cellRow('digits-1', 'c1')), source });
      expect(runOf(cell({ text: 'other' }), unknown)?.hasChanged).toBe(false);
    }
  });
});
