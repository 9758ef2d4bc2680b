import { describe, expect, test } from 'vitest';
import { readReference } from '../../src/output/reference';

const GOOD = { version: 1, workspace_id: '80a1a5e621be4861', run_id: 'digits_1795507200_0a1b2c3d' };

describe('an output names', () => {
  test('its run', () => {
    const key = { workspace: GOOD.workspace_id, run: GOOD.run_id };
    expect(readReference({ ...GOOD, more: 'of a later version' })).toEqual({ kind: 'run', key });
  });

  test('the version it needs', () => {
    expect(readReference({ ...GOOD, version: 2 })).toEqual({ kind: 'newer', version: 2 });
  });

  test.each([
    null,
    'text',
    [],
    {},
    { ...GOOD, version: '1' },
    { ...GOOD, run_id: undefined },
    { ...GOOD, run_id: 7 },
    { ...GOOD, run_id: '../../api/contents' },
    { ...GOOD, run_id: 'a/b' },
    { ...GOOD, run_id: '.hidden' },
    { ...GOOD, run_id: '<img src=x onerror=alert(1)>' },
    { ...GOOD, workspace_id: '' },
    { ...GOOD, workspace_id: `a${'b'.repeat(255)}` },
    { ...GOOD, workspace_id: 'a\n' },
  ])('nothing that is believed: %o', data => {
    expect(readReference(data)).toEqual({ kind: 'damaged' });
  });
});
