import { userEvent } from 'vitest/browser';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { OUTPUTS, TABLES } from '../../dev/fake_api';
import { FilePreview } from '../../src/page/file_preview';
import { pageLocale } from '../../src/page/locale';
import type { Api } from '../../src/server/api';
import type { RunFile } from '../../src/server/openapi';
import { find, text, until } from '../view/setup';
import { KEY, panel, says, showPage, tab, type ShownPage } from './setup';

const RUN = `workspaces/${KEY.workspace}/runs/${KEY.run}`;

/** Show one of the run's outputs, with other bytes than the scene's if some are given. */
async function look(name: string, content?: string | object): Promise<ShownPage> {
  const shown = showPage('running', { tab: 'outputs' });
  const answer = typeof content === 'string' ? new TextEncoder().encode(content).slice() : content;
  if (answer) shown.known.set(`GET ${RUN}/outputs/outputs/${name}`, answer);
  await says(shown.place, 'outputs/model.pkl');
  find(shown.place, `[data-name="outputs/${name}"]`).click();
  return shown;
}

/** What a page in a frame tells of itself, by `tell`. */
async function tellsOf(script: string): Promise<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  const hear = ({ data }: MessageEvent<{ tell?: [string, unknown] }>): void => {
    if (data.tell) told[data.tell[0]] = data.tell[1];
  };
  addEventListener('message', hear);
  const tell = 'const tell = (name, value) => parent.parent.postMessage({ tell: [name, value] }, "*");';
  await look('report.html', `<html><body><script>${tell}${script};tell("end", true)</script></body></html>`);
  await until(() => told.end === true, 'the page has come to its end');
  onTestFinished(() => removeEventListener('message', hear));
  return told;
}

describe('a page', () => {
  test('runs in a frame', async () => {
    expect(await tellsOf('tell("title", document.body.tagName)')).toEqual({ title: 'BODY', end: true });
  });

  test('has no origin: neither this page nor what it keeps is within its reach', async () => {
    localStorage.setItem('kept', 'secret');
    const tries = {
      document: 'parent.parent.document.title',
      shell: 'parent.document.title',
      storage: 'localStorage.getItem("kept")',
      cookie: 'document.cookie',
      address: 'parent.parent.location.href',
      top: 'top.location.href = "about:blank"',
      opened: 'String(window.open("about:blank").closed)',
    };
    const scripts = Object.entries(tries).map(
      ([name, script]) => `try { tell("${name}", ${script}) } catch (error) { tell("${name}", error.name) }`,
    );
    const told = await tellsOf(`${scripts.join(';')};tell("origin", origin)`);
    expect(told).toEqual({
      ...Object.fromEntries(Object.keys(tries).map(name => [name, 'SecurityError'])),
      opened: 'TypeError', // nothing was opened
      origin: 'null',
      end: true,
    });
    localStorage.removeItem('kept');
  });

  test('has no network', async () => {
    const told = await tellsOf(`
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => tell(effectiveDirective, 'blocked'));
      new Image().src = 'http://127.0.0.1:1/image.png';
      document.head.append(Object.assign(document.createElement('script'), { src: 'http://127.0.0.1:1/x.js' }));
      document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: 'http://127.0.0.1:1/x.css' }));
      document.body.append(Object.assign(document.createElement('iframe'), { src: 'http://127.0.0.1:1/' }));
      try { new WebSocket('ws://127.0.0.1:1/') } catch {}
      fetch('http://127.0.0.1:1/').catch(() => tell('fetch', 'failed'))`);
    for (const kind of ['img-src', 'script-src-elem', 'style-src-elem', 'connect-src', 'frame-src'])
      await until(() => told[kind] === 'blocked', `${kind} is blocked`);
    await until(() => told.fetch === 'failed', 'fetch has failed');
  });
});

test('a drawing is a picture, by an address without an origin', async () => {
  const { place } = await look('drawing.svg');
  await until(
    () => place.querySelector<HTMLImageElement>('.cellrun-preview-image')?.naturalWidth === 200,
    'it is drawn',
  );
  expect(find(place, '.cellrun-preview-image').getAttribute('src')).toMatch(/^data:image\/svg\+xml,/);
});

test('Markdown is a page with its tables and formulas, of which HTML comes no further', async () => {
  const { place } = await look('notes.md', '# One\n\n<script>parent.parent.__pwned = 1</script>\n');
  await until(() => place.querySelector('.cellrun-frame') !== null, 'it is in a frame');
  expect(find(place, '.cellrun-frame').getAttribute('sandbox')).toBe('allow-scripts');
  await new Promise(resolve => setTimeout(resolve, 300));
  expect(globalThis.__pwned).toBeUndefined();
  expect(place.querySelector('h1')).toBeNull();
});

test('a plotly figure that was logged is drawn', async () => {
  const { place } = showPage('running', { tab: 'outputs' });
  await says(place, 'curve_1.plotly.json');
  find(place, '[data-name="curve_1.plotly.json"]').click();
  await until(() => place.querySelectorAll('.cellrun-preview .bars .point').length === 3, 'it is drawn');
  const [plot, body] = [find(place, '.svg-container'), find(place, '.cellrun-preview-body')];
  expect(plot.clientWidth).toBeGreaterThan(body.clientWidth * 0.9);
  find(place, '[data-name="outputs/notes.md"]').click();
  await until(() => place.querySelector('.js-plotly-plot') === null, 'it is taken away');
});

test('one of another kind is drawn by the whole plotly, in its frame', async () => {
  const shown = showPage('running', { tab: 'outputs' });
  const figure = { data: [{ type: 'heatmap', z: [[1]] }], layout: {} };
  shown.known.set(`GET ${RUN}/outputs/curve_1.plotly.json`, figure);
  await says(shown.place, 'curve_1.plotly.json');
  find(shown.place, '[data-name="curve_1.plotly.json"]').click();
  await until(
    () => shown.place.querySelector('.cellrun-preview .cellrun-figure') !== null,
    'it is in a frame',
  );
});

test('a formula that a cell displayed is a page', async () => {
  const { place } = showPage('running', { tab: 'outputs' });
  await says(place, 'displayed/latex_1.tex');
  find(place, '[data-name="displayed/latex_1.tex"]').click();
  await until(() => place.querySelector('.cellrun-preview .cellrun-frame') !== null, 'it is in a frame');
  expect(find(place, '.cellrun-preview-body').innerText).not.toContain('displaystyle');
});

test('people look first at pictures, tables and texts, then at JSON', async () => {
  const known = (name: string): RunFile => OUTPUTS.files.find(file => file.name === name)!;
  const [config, csv, notes] = ['config.json', 'report.csv', 'notes.md'].map(name =>
    known(`outputs/${name}`),
  );
  for (const files of [
    [config, csv, known('curve_1.plotly.json')],
    [config, notes, csv],
    [config, notes],
  ]) {
    const shown = showPage('running', { tab: 'metrics' });
    shown.known.set(`GET ${RUN}/outputs`, { files, skipped: [] });
    tab(shown.place, 'Outputs').click();
    const name = files.at(-1)!.name;
    const head = (): string | null | undefined =>
      panel(shown.place).querySelector('.cellrun-preview-head b')?.textContent;
    await until(() => head() === name, `${name} is shown`);
  }
});

describe('tables', () => {
  test('are tables, numbers at the right', async () => {
    const { place } = await look('report.csv');
    await says(place, '60 rows');
    expect(place.querySelectorAll('.cellrun-tables tbody tr')).toHaveLength(60);
    expect(place.querySelectorAll('.cellrun-tables th.cellrun-number')).toHaveLength(2);
  });

  test('that are cut say how much of how much', async () => {
    const [table] = TABLES['report.csv']!;
    const { place } = await look('report.csv', {
      tables: [{ ...table, rows_total: 5000, columns_total: 70 }],
    });
    await says(place, 'the first 60 of 5,000 rows · the first 3 of 70 columns');
  });

  test('arrays say their shape and type; objects aren’t read', async () => {
    const { place } = await look('weights.npz');
    await says(place, 'coef · 64 × 3 · float32 · the first 2 of 64 rows');
    await says(place, 'names · 2 · object · Python objects: not read');
  });

  test('a file without any says so', async () => {
    const { place } = await look('weights.npz', { tables: [] });
    await says(place, 'There is no table or array in this file.');
  });
});

test('JSON is indented, its numbers as they are written', async () => {
  const { place } = await look('config.json');
  await until(() => place.querySelector('[data-language=json]') !== null, 'it is coloured');
  const shown = text(place, '.cellrun-source-text');
  expect(shown).toContain('"seed": 12345678901234567890\n');
  expect(shown).toContain('    "layers": [64, 64, 10],\n');
  expect(shown).toContain('"rate": 1e-05');
  expect(shown).toContain('"tags": {},\n  "best": NaN\n}');
  expect(place.querySelector('.cellrun-code-property')?.textContent).toBe('"model"');
});

test('a picture enlarges, and Escape brings it back', async () => {
  const { place } = await look('confusion.png');
  await until(() => place.querySelector('.cellrun-enlarge') !== null, 'it is there');
  find(place, '.cellrun-enlarge').focus();
  await userEvent.keyboard('{Enter}');
  const dialog = place.querySelector('dialog')!;
  expect(dialog.open).toBe(true);
  expect(dialog.getAttribute('aria-label')).toBe('outputs/confusion.png');
  await userEvent.keyboard('{Escape}');
  await until(() => place.querySelector('dialog') === null, 'it is closed');
  expect(document.activeElement).toBe(find(place, '.cellrun-enlarge'));
});

test('a PDF is shown by the browser’s viewer if it has one, else it is a download; what is none is said', async () => {
  const { place } = await look('paper.pdf');
  if (navigator.pdfViewerEnabled)
    await until(() => place.querySelector('iframe[src^="blob:"]') !== null, 'the viewer has it');
  else await says(place, 'no viewer for PDF files');
  const other = await look('paper.pdf', '<script>alert(1)</script>');
  await says(other.place, 'damaged, or of another kind than its name says');
  expect(other.place.querySelector('.cellrun-frame')).toBeNull();
});

test('what can’t be shown is a download that says its size', async () => {
  const { place } = await look('model.pkl');
  await says(place, 'Download (1.2 MB)');
});

test('the tab says how many there are before it is opened, and again at the end', async () => {
  const { place, kernel, known } = showPage('running', { tab: 'log' });
  await until(() => place.innerText.includes('Outputs (13)'), 'they are counted');
  await until(() => place.querySelector('.cellrun-state svg') !== null, 'the run is seen to go on');
  known.set(`GET ${RUN}/outputs`, { ...OUTPUTS, files: OUTPUTS.files.slice(1) });
  kernel.tell({ header: { status: 'Completed' } });
  await until(() => place.innerText.includes('Outputs (12)'), 'they are counted at the end');
});

describe('a file that comes late', () => {
  /** A look at files whose bytes come when a test gives them. */
  const late = (): { preview: FilePreview; give: (name: string, text: string) => void } => {
    const awaited = new Map<string, (answer: Response) => void>();
    const api = {
      fileUrl: () => '',
      preview: (_key: unknown, _folder: unknown, name: string) =>
        new Promise<Response>(resolve => awaited.set(name, resolve)),
    } as Partial<Api> as Api;
    const preview = new FilePreview(api, KEY, 'outputs', { locale: pageLocale() });
    document.body.append(preview.element);
    onTestFinished(() => preview.element.remove());
    return { preview, give: (name, text) => awaited.get(name)?.(new Response(text)) };
  };
  const file = (name: string, preview: RunFile['preview']): RunFile => ({
    ...OUTPUTS.files[0]!,
    ...{ name, preview, size_bytes: 100, mime: 'text/html' },
  });

  test('takes nothing from the one that was chosen since', async () => {
    const { preview, give } = late();
    preview.show(file('slow.txt', 'text'));
    const slow = find(preview.element, '.cellrun-pane');
    preview.show(file('page.html', 'page'));
    give('page.html', '<p>page</p>');
    await until(() => preview.element.querySelector('.cellrun-frame') !== null, 'the second is shown');
    give('slow.txt', 'late');
    await until(() => slow.getAttribute('aria-busy') === 'false', 'the first has come');
    expect(preview.element.querySelector('.cellrun-frame')).not.toBeNull();
    expect(preview.element.innerText).not.toContain('late');
  });

  test('is let go of where nobody looks any more', async () => {
    const { preview, give } = late();
    const made = vi.spyOn(URL, 'createObjectURL');
    const revoked = vi.spyOn(URL, 'revokeObjectURL');
    onTestFinished(() => void vi.restoreAllMocks());
    preview.show(file('picture.png', 'image'));
    const pane = find(preview.element, '.cellrun-pane');
    preview.dispose();
    give('picture.png', 'png');
    await until(() => pane.getAttribute('aria-busy') === 'false', 'it has come');
    expect(made).toHaveBeenCalledOnce();
    expect(revoked).toHaveBeenCalledWith(made.mock.results[0]?.value);
  });
});
