import type { FakeKernel, News } from './fake_kernel';

/** What a run looks like at some moment, and how it goes on. */
export interface Scene {
  readonly start: News;
  /** News at each tick, ten a second. */
  readonly tick?: (kernel: FakeKernel, tick: number) => void;
}

const range = (count: number): number[] => [...Array(count).keys()];
const noise = (i: number): number => ((Math.sin(i * 12.9898) * 43758.5453) % 1) * 0.5;
const loss = (i: number): number => 2.1 * Math.exp(-i / 14) + 0.12 + noise(i) * 0.05;
const accuracy = (i: number): number => 0.97 - 0.6 * Math.exp(-i / 9) + noise(i + 7) * 0.02;
const log = (name: string, f: (i: number) => number, count: number) => ({
  columns: { step: range(count), [name]: range(count).map(f) },
});
const one = (name: string, value: number | string) => ({
  columns: { step: [0], [name]: typeof value === 'number' ? [value] : [value] },
});
const sine = (count: number) => ({
  kind: 'row' as const,
  turning: ['y'],
  columns: { x: range(count).map(i => (i * 10) / 49), y: range(count).map(i => Math.sin((i * 10) / 49)) },
});

const LOG = `epoch  55  loss 0.1402  acc 0.9611
epoch  56  loss 0.1377  acc 0.9639
epoch  57  loss 0.1350  acc \u001b[32m0.9667 ↑\u001b[0m
validating   0%|          | 0/360\r\u001b[2mvalidating  83%|████████▎ | 299/360 [00:01]\u001b[0m
epoch  58  loss 0.1331  acc 0.9639
epoch  59  loss 0.1312  acc 0.9639
\u001b[33mConvergenceWarning: max_iter reached\u001b[0m
epoch  60  loss 0.1309  acc 0.9639
`;

const TRACE = `Traceback (most recent call last):
  Cell In[7], line 1
    train(model, X_train, y_train)
  Cell In[4], line 12, in train
    X = X.astype(float)
\u001b[31mValueError: could not convert string to float: 'n/a'\u001b[0m
`;

const many = Object.fromEntries(
  range(120).map(i => [`layer.${i}.weight/gradient_norm`, log(`g${i}`, step => loss(step) * (i + 1), 60)]),
);

const LONG = 'an-experiment-with-a-name-that-goes-on-and-on-until-nobody-remembers-how-it-began';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What pandas gives for a frame, as a run keeps it. */
const FRAME = `<!doctype html>
<meta charset="utf-8">
<title>dataframe_1</title>
<table border="1" class="dataframe"><thead><tr><th></th><th>epoch</th><th>loss</th></tr></thead>
<tbody><tr><th>0</th><td>1</td><td>0.92</td></tr><tr><th>1</th><td>2</td><td>0.41</td></tr></tbody></table>
`;

const DRAWING = `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><circle cx="50" cy="50" r="40" fill="#1976d2"/></svg>`;

/** A document that was logged, as its run keeps it. */
function document(name: string, schema: string, data: object): NonNullable<News['images']>[number] {
  const json = JSON.stringify({ schema_type: schema, schema_version: 'v1', data });
  return { name, path: name, mime: 'application/vnd.cellrun.metric.v1+json', data: bytes(json) };
}

/** Of so many classes, most right, and some taken for their neighbours. */
function confusion(count: number): object {
  const names = Array.from({ length: count }, (_, i) => (count > 20 ? `word ${String(i)}` : String(i)));
  const matrix = names.map((_, i) =>
    names.map((__, j) =>
      i === j ? 90 + ((i * 7) % 10) : (i * 31 + j * 17) % (8 + Math.abs(i - j) * 3) === 0 ? 4 : 0,
    ),
  );
  return { class_labels: names, matrix };
}

/** The scenes of the drawings, and those that a drawing forgets. */
export const SCENES: Readonly<Record<string, Scene>> = {
  documents: {
    start: {
      header: { status: 'Completed', cancelable: false, ended_at: 1795507260 },
      images: [
        document('digits', 'confusion_matrix', confusion(10)),
        document('words', 'confusion_matrix', confusion(1000)),
        document('errors', 'residuals', { bin_edges: [-2, -1, 0, 1, 2], bin_counts: [3, 40, 38, 5] }),
      ],
      log: '',
    },
  },
  displayed: {
    start: {
      header: { status: 'Completed', cancelable: false, ended_at: 1795507260 },
      images: [
        { name: 'dataframe_1', path: 'displayed/dataframe_1.html', mime: 'text/html', data: bytes(FRAME) },
        {
          name: 'markdown_1',
          path: 'displayed/markdown_1.md',
          mime: 'text/markdown',
          data: bytes('# A *title*'),
        },
        { name: 'latex_1', path: 'displayed/latex_1.tex', mime: 'text/latex', data: bytes('$\\frac{1}{2}$') },
        { name: 'image_1', path: 'displayed/image_1.svg', mime: 'image/svg+xml', data: bytes(DRAWING) },
        {
          name: 'figure_1',
          path: 'displayed/figure_1.html',
          mime: 'text/html',
          data: null,
          bytes: 4_800_000,
        },
      ],
      log: '   epoch  loss\n0      1  0.92\n1      2  0.41\n# A *title*\n',
    },
  },
  running: {
    start: {
      header: {},
      metrics: {
        best_accuracy: one('best_accuracy', 0.9639),
        best_epoch: one('best_epoch', 57),
        n_train: one('n_train', 1437),
        sine: sine(44),
        loss: log('loss', loss, 60),
        accuracy: log('accuracy', accuracy, 60),
      },
      log: LOG,
    },
  },
  live: {
    start: { header: {}, metrics: { sine: sine(2), loss: log('loss', loss, 2) }, log: '' },
    tick: (kernel, tick) => {
      const i = tick + 2;
      kernel.tell({
        metrics: {
          sine: {
            kind: 'row',
            at: i,
            columns: { x: [(i * 10) / 49], y: [Math.sin((i * 10) / 49)] },
          },
          loss: { at: i, columns: { step: [i], loss: [loss(i)] } },
        },
        log: `epoch ${String(i).padStart(3)}  loss ${loss(i).toFixed(4)}\n`,
      });
    },
  },
  sine: {
    start: {
      header: {
        name: 'example-1',
        experiment: 'example',
        interactive: true,
        arguments: '',
        resources: '',
        captured: null,
      },
      metrics: { sine: sine(50) },
    },
  },
  failed: {
    start: {
      header: {
        name: 'digits-4',
        number: 4,
        status: 'Failed',
        elapsed_s: 7,
        arguments: '',
        cancelable: false,
        error: {
          message: "ValueError: could not convert string to float: 'n/a'",
          where: 'Cell In[4], line 12, in train',
          exit: 'exit code 1',
          next: 'Debug it here: `%load_run digits-4`. Run again runs the same code once more.',
        },
      },
      metrics: { loss: log('loss', loss, 9) },
      log: TRACE,
    },
  },
  empty: { start: { header: { status: 'Queued', started_at: null, elapsed_s: null } } },
  completed: {
    start: { header: { status: 'Completed', cancelable: false, elapsed_s: 3723 }, log: 'nothing but text\n' },
  },
  twelve: {
    start: {
      header: { name: `${'a-name-of-sixty-letters-'.repeat(3).slice(0, 58)}-3` },
      metrics: {
        learning_rate: one('learning_rate', 1.2345e-5),
        ...Object.fromEntries(
          range(12).map(i => [
            `${i % 3 ? 'validation' : 'train'}/${['loss', 'accuracy', 'f1', 'grad_norm'][i % 4] ?? ''}_${i}`,
            log('v', step => loss(step) * 10 ** (2 - i), 60),
          ]),
        ),
      },
      log: LOG.repeat(40),
    },
  },
  tables: {
    start: {
      header: { status: 'Completed', cancelable: false },
      metrics: {
        loss: log('loss', loss, 60),
        per_class: {
          kind: 'table',
          isTable: true,
          columns: {
            class: ['setosa', 'versicolor', 'virginica'],
            precision: [0.98, 0.91234, 1.2345e-5],
            support: [50, 48, 52],
          },
        },
        roc: {
          kind: 'table',
          columns: { fpr: [0, 0, 0.1, 0.4, 1], tpr: [0, 0.4, 0.8, 0.95, 1] },
        },
        predicted_vs_actual: {
          kind: 'table',
          isTable: true,
          turning: ['predicted', 'actual'],
          columns: {
            predicted: range(60).map(i => Math.sin(i * 7.1) * 3),
            actual: range(60).map(i => Math.sin(i * 7.1) * 3 + noise(i)),
          },
        },
        samples: {
          kind: 'row',
          rows: 5000,
          isTable: true,
          columns: {
            row: range(200),
            epoch: range(200),
            prompt: range(200).map(i => `What is run ${i}? ${i % 5 ? '' : LONG}`),
          },
        },
      },
      log: LOG,
    },
  },
  prints: {
    start: {
      header: {},
      log: `${LOG}Downloading model.safetensors:  45%|${'█'.repeat(60)}${' '.repeat(72)}| 1.23G/2.74G [01:12<01:28, 17.1MB/s]\r`,
    },
  },
  many: { start: { header: {}, metrics: many, log: LOG.repeat(200) } },
  long: {
    start: {
      header: {
        name: `${LONG}-1`,
        experiment: LONG,
        target: 'a-target-with-a-long-name',
        resources: '16 cpus · 2 gpus · 64 GB',
        arguments: `--path ${LONG.repeat(5)}`,
        notes: ['2 damaged records: `events/0a1b2c3d.jsonl` at byte 4096'],
      },
      metrics: {
        [`${LONG}/loss`]: log('loss', i => loss(i) * 1e7, 60),
        waves: {
          kind: 'row',
          columns: {
            x: range(200).map(i => i / 20),
            sine: range(200).map(i => Math.sin(i / 20)),
            cosine: range(200).map(i => Math.cos(i / 20)),
            tan: range(200).map(i => Math.tanh(i / 20)),
            damped: range(200).map(i => Math.sin(i / 10) * Math.exp(-i / 100)),
            line: range(200).map(i => i / 400),
            step: range(200).map(i => (i > 100 ? 1 : -1)),
            dashed: range(200).map(i => Math.sin(i / 5) / 4),
          },
        },
        gaps: log('gaps', i => (i % 7 === 3 || i % 7 === 5 ? NaN : Math.sin(i)), 40),
        tiny: log('tiny', i => 1e-7 * loss(i), 40),
        negative: log('negative', i => -1e3 * loss(i), 40),
        one_point: { kind: 'row', columns: { x: [1], y: [2] } },
        samples: {
          kind: 'table',
          columns: {
            row: ['0', '1'],
            prompt: ['What is a run?', LONG.repeat(3)],
            answer: ['<b>bold</b>', null],
          },
        },
      },
      log: `${'x'.repeat(400)}\n${LOG}`,
    },
  },
};
