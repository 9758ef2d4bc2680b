import type { FileTable, Need, Row, RunDetails, RunFile, RunFiles } from '../src/server/openapi';
import { HEADER } from './fake_kernel';

/** A server's answer, as a test writes it down: JSON, bytes, or a refusal. */
export type Answer = object | Uint8Array<ArrayBuffer>;

export const ROW: Row = {
  id: HEADER.run_id,
  name: 'digits-3',
  number: 3,
  experiment: 'digits',
  display_name: 'digits-3',
  kind: 'cell',
  target: 'local',
  status: 'Running',
  reason: null,
  created_at: 1795507200,
  started_at: 1795507201,
  ended_at: null,
  parent: null,
  children: 0,
  type: null,
  tags: { best: null, dataset: 'digits' },
  parameters: { learning_rate: '0.001', momentum: '0.9' },
  metrics: {},
  sparks: {},
  cell: { notebook: 'digits.ipynb', id: 'a1b2', source_hash: '00' },
};

const CELL = `%%submit digits --cpus 1 -- --learning_rate 0.001 --momentum 0.9
for epoch in range(200):
    model.partial_fit(X_train, y_train, classes)
    run.log('loss', log_loss(y_val, model.predict_proba(X_val)))
`;

const DIFF = `diff --git a/train.py b/train.py
--- a/train.py
+++ b/train.py
@@ -1,3 +1,3 @@
 import numpy as np
-rate = 0.01
+rate = 0.001
`;

const need = (
  name: string,
  kind: string,
  what: string,
  place: string,
  bytes: number,
  how: string,
  note = '',
): Need => ({ name, kind, what, place, bytes, how, note });

export const DETAILS: RunDetails = {
  row: ROW,
  header: HEADER,
  record: {
    cell: { source: CELL, id: 'a1b2', notebook: 'digits.ipynb' },
    git: { branch: 'main', head: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678' },
    python: '/usr/bin/python3',
    source_directory: '/home/ada/digits',
    repeats: 'digits_1795500000_00000001',
  },
  data: [],
  properties: {},
  models: [],
  history: [
    { status: 'Queued', at: 1795507200, reason: null },
    { status: 'Starting', at: 1795507200.6, reason: null },
    { status: 'Running', at: 1795507201, reason: null },
  ],
  environment: {
    version: 1,
    python: { implementation: 'CPython', version: '3.11.9', executable: '/usr/bin/python3' },
    packages: Object.fromEntries(
      ['numpy', 'scikit-learn', 'scipy', ...Array.from({ length: 120 }, (_, i) => `package-${i}`)].map(
        (name, i) => [name, `1.${i}.0`],
      ),
    ),
    host: { name: 'lab', os: 'Debian 13', cpu: 'AMD EPYC', cpus: 2, memory_bytes: 8e9 },
    gpus: [{ name: 'A100', memory_bytes: 4e10, driver: '550' }],
    git: {
      branch: 'main',
      head: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678',
      files_changed: 1,
      untracked: 2,
      diff: DIFF,
      diff_truncated: false,
    },
    problems: [],
  },
  needs: [
    need('train', 'function', 'function, cell 4', 'line 1', 1100, 'source'),
    need('model', 'value', 'SGDClassifier', 'line 1', 12_000, 'value', 'same as digits-2: not sent again'),
    need('X_train', 'value', 'ndarray 1437 × 64 float64', 'line 1', 736_000, 'value'),
    need('np', 'import', 'numpy 2.3.1', 'train, line 3', 0, 'import'),
    need('features', 'module', 'local module, 2 files', 'train, line 2', 4000, 'source'),
    need('data/labels.csv', 'file', 'file', 'train, line 5', 18_000, 'copy'),
  ],
  code: "from cellrun.core import Run, Workspace\nrun = Run.get(Workspace.get('default'), 'digits_1795507200_0a1b2c3d')",
  folder: '/home/ada/.cellrun/runs/digits_1795507200_0a1b2c3d',
};

const file = (name: string, size: number, preview: RunFile['preview'], mime: string): RunFile => ({
  name,
  size_bytes: size,
  modified_at: 1795507230,
  mime,
  preview,
});

const loss = (epoch: number): string => (2 * Math.exp(-epoch / 14)).toFixed(4);
const table = (
  title: string,
  columns: string[],
  rows: (string | null)[][],
  more: Partial<FileTable> = {},
): FileTable => ({
  title,
  columns,
  numeric: columns.map(name => name !== 'split'),
  rows,
  rows_total: rows.length,
  columns_total: columns.length,
  ...more,
});

/** The first rows of tables and arrays, as the server reads them. */
export const TABLES: Readonly<Record<string, readonly FileTable[]>> = {
  'report.csv': [
    table(
      '',
      ['epoch', 'split', 'loss'],
      Array.from({ length: 60 }, (_, i) => [`${i}`, i % 2 ? null : 'train', loss(i)]),
    ),
  ],
  'weights.npz': [
    table(
      'coef',
      ['0', '1', '2'],
      [
        ['0.1', '-1e-05', '2.5'],
        ['0.25', '0.5', '-3.0'],
      ],
      { shape: [64, 3], dtype: 'float32', rows_total: 64 },
    ),
    table('classes', ['0'], [['0'], ['1']], { shape: [2], dtype: 'int64' }),
    table('names', [], [], { shape: [2], dtype: 'object', why: 'objects', rows_total: null }),
  ],
};

const NOTES = `# What was tried

A step of **0.1** was too large: see \`train.py\`. The loss is $L = -\\frac{1}{n} \\sum_i \\log p_i$, and

$$\\nabla L = \\frac{1}{n} X^T (p - y)$$

| step | loss |
| ---: | ---: |
| 0.1  | 2.31 |
| 0.01 | 0.42 |

- [x] smaller steps
- [ ] [momentum](https://example.org)

> It costs $5 and $6.

\`\`\`python
model.partial_fit(X, y)
\`\`\`
`;

const PAGE = `<!doctype html><html><body style="font: 16px sans-serif"><h1>A report</h1>
<p id="drawn"></p><script>document.getElementById('drawn').textContent = 'drawn by a ' + 'script';</script></body></html>`;

const DRAWING = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100" width="200" height="100">
<rect width="200" height="100" fill="#e3f2fd"/><path d="M10 90 L60 40 L110 60 L190 10" fill="none" stroke="#1976d2" stroke-width="3"/></svg>`;

const CONFIG =
  '{"model": {"layers": [64, 64, 10], "name": "mlp", "rate": 1e-05, "seed": 12345678901234567890}, "tags": {}, "best": NaN}';

const FIGURE = JSON.stringify({ data: [{ y: [3, 1, 2] }, { type: 'bar', y: [1, 2, 3] }], layout: {} });
const FORMULA = '$\\displaystyle \\int_0^1 x^2\\,dx = \\frac{1}{3}$';

export const OUTPUTS: RunFiles = {
  files: [
    file('outputs/model.pkl', 1_234_567, null, 'application/octet-stream'),
    file('outputs/confusion.png', 1200, 'image', 'image/png'),
    file('outputs/report.csv', 1234, 'table', 'text/csv'),
    file('outputs/empty.txt', 0, 'text', 'text/plain'),
    file('outputs/huge.log', 9_000_000, 'text', 'text/plain'),
    file('outputs/notes.md', NOTES.length, 'markdown', 'text/markdown'),
    file('outputs/report.html', PAGE.length, 'page', 'text/html'),
    file('outputs/drawing.svg', DRAWING.length, 'svg', 'image/svg+xml'),
    file('outputs/config.json', CONFIG.length, 'json', 'application/json'),
    file('outputs/weights.npz', 2000, 'table', 'application/octet-stream'),
    file('curve_1.plotly.json', FIGURE.length, 'figure', 'application/json'),
    file('displayed/latex_1.tex', FORMULA.length, 'latex', 'text/x-tex'),
    file('outputs/paper.pdf', 600, 'pdf', 'application/pdf'),
  ],
  skipped: [{ name: 'outputs/key', why: 'link, skipped' }],
};

export const SNAPSHOT: RunFiles = {
  files: [
    file('cell.py', 300, 'text', 'text/x-python'),
    file('digits/data.py', 1200, 'text', 'text/x-python'),
  ],
  skipped: [],
};

const RUN = `workspaces/default/runs/${HEADER.run_id}`;

/** Answers of a server for one run, by method and path below the API's root. */
export function answers(): Map<string, Answer> {
  const text = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content).slice();
  return new Map<string, Answer>([
    [`GET ${RUN}`, DETAILS],
    [`GET ${RUN}/outputs`, OUTPUTS],
    ...Object.entries(TABLES).map(
      ([name, tables]) => [`GET ${RUN}/outputs/outputs/${name}`, { tables }] as const,
    ),
    [`GET ${RUN}/outputs/curve_1.plotly.json`, text(FIGURE)],
    [`GET ${RUN}/outputs/displayed/latex_1.tex`, text(FORMULA)],
    [`GET ${RUN}/outputs/outputs/notes.md`, text(NOTES)],
    [`GET ${RUN}/outputs/outputs/report.html`, text(PAGE)],
    [`GET ${RUN}/outputs/outputs/drawing.svg`, text(DRAWING)],
    [`GET ${RUN}/outputs/outputs/config.json`, text(CONFIG)],
    [`GET ${RUN}/outputs/outputs/paper.pdf`, text('%PDF-1.4\n')],
    [`GET ${RUN}/outputs/outputs/huge.log`, text('line\n'.repeat(5000))],
    [`GET ${RUN}/outputs/outputs/confusion.png`, picture()],
    [`GET ${RUN}/snapshot`, SNAPSHOT],
    [`GET ${RUN}/snapshot/cell.py`, text(CELL.replace(/^%%.*\n/, ''))],
    [`GET ${RUN}/snapshot/digits/data.py`, text('import numpy as np\n'.repeat(40))],
    [
      `POST ${RUN}/again`,
      { ...ROW, id: 'digits_1795507300_0000000a', name: 'digits-4', display_name: 'digits-4' },
    ],
  ]);
}

/** A browser's `fetch` with a server that gives these answers; what isn't among them is 404. `asked` gets each question. */
export function fakeFetch(known: ReadonlyMap<string, Answer>, asked: string[] = []): typeof fetch {
  return (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return Promise.resolve(answer(known, asked, init?.method ?? 'GET', url));
  };
}

function answer(known: ReadonlyMap<string, Answer>, asked: string[], method: string, url: string): Response {
  const { pathname, search } = new URL(url, location.href);
  const path = decodeURIComponent(pathname.split('cellrun/api/')[1] ?? '');
  asked.push(`${method} ${path}${search}`);
  const found = known.get(`${method} ${path}`);
  if (!found) return Response.json({ message: `no ${path} here`, status: 404 }, { status: 404 });
  return found instanceof Uint8Array ? new Response(found) : Response.json(found);
}

/** A small PNG. */
function picture(): Uint8Array<ArrayBuffer> {
  const canvas = document.createElement('canvas');
  canvas.width = 320;
  canvas.height = 200;
  const draw = canvas.getContext('2d');
  if (draw) {
    for (let i = 0; i < 10; i++) {
      draw.fillStyle = `hsl(210 70% ${90 - i * 6}%)`;
      draw.fillRect(i * 32, 200 - i * 18, 28, i * 18 + 2);
    }
  }
  const base64 = canvas.toDataURL('image/png').split(',')[1] ?? '';
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0));
}
