import { expect, test } from 'vitest';
import { DETAILS, ROW } from '../../dev/fake_api';
import { text, until } from '../view/setup';
import { KEY, says, showPage, tab } from './setup';

declare global {
  var __pwned: unknown;
}

const RUN = `workspaces/${KEY.workspace}/runs/${KEY.run}`;

test.each(['<img src=x onerror="window.__pwned=1">', '</script><script>window.__pwned=1</script>'])(
  'what a run says of itself is text on every tab: %s',
  async evil => {
    const { place, known, kernel } = showPage('running');
    kernel.tell({ header: { name: evil, notes: [evil] }, log: `${evil}\n` });
    known.set(`GET ${RUN}`, {
      ...DETAILS,
      row: { ...ROW, tags: { [evil]: evil }, parameters: { [evil]: evil }, reason: evil },
      record: { ...DETAILS.record, cell: { source: evil, notebook: evil }, repeats: evil },
      environment: {
        packages: { [evil]: evil },
        host: { name: evil },
        git: { head: evil, diff: evil, branch: evil },
      },
      history: [{ status: 'Running', at: 0, reason: evil }],
      folder: evil,
      code: evil,
    });
    const file = { name: evil, size_bytes: 3, modified_at: 0, mime: 'text/html', preview: 'text' };
    known.set(`GET ${RUN}/outputs`, { files: [file], skipped: [{ name: evil, why: evil }] });
    known.set(`GET ${RUN}/snapshot`, { files: [file], skipped: [] });
    known.set(`GET ${RUN}/outputs/${evil}`, new TextEncoder().encode(`${evil}\n`).slice());
    for (const name of ['Details', 'Outputs', 'Code', 'Log']) {
      tab(place, name).click();
      await says(place, evil);
    }
    expect(text(place, '.cellrun-name')).toBe(evil);
    await new Promise(resolve => setTimeout(resolve, 200)); // an image that can't be loaded would have told by now
    await until(() => place.querySelectorAll('script, img[src="x"]').length === 0, 'no markup came in');
    expect(globalThis.__pwned).toBeUndefined();
  },
);
