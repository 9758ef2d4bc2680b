import { OutputModel } from '@jupyterlab/rendermime/lib/outputmodel';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeServer } from '../../dev/fake_server';
import { RunSources } from '../../src/data/run_sources';
import { WidgetRuns } from '../../src/data/widget_runs';
import { RenderedRun, type LabOutputHost } from '../../src/lab/rendered_run';
import { MIME_TYPE, referenceTo } from '../../src/output/reference';
import { Api, type RunKey } from '../../src/server/api';
import { Connection } from '../../src/server/connection';
import type { Row } from '../../src/server/openapi';
import { ENGLISH } from '../../src/server/words';

// All of it would bring what makes HTML safe, which isn't made for a page without a bundler.
vi.mock('@jupyterlab/rendermime', () => import('@jupyterlab/rendermime/lib/mimemodel'));

const key = (run: string): RunKey => ({ workspace: 'workspace', run });
const made = (run: string): Row => ({ id: run, display_name: run, experiment: 'digits' }) as Row;
const still = (run: string): Record<string, unknown> => ({
  [MIME_TYPE]: referenceTo(key(run)),
  'text/html': `<b>${run}</b>`,
  'image/png': 'iVBOR',
  'text/plain': `✓ Completed  ${run}`,
});
const repeated = (run: string): Record<string, unknown> => ({
  [MIME_TYPE]: referenceTo(key(run)),
  'text/plain': `${run}  digits`,
});

let connection: Connection;
let shown: string[];
let repeat: (run: RunKey, made: Row) => void;
let output: RenderedRun;
let changes: number;

/** An output of a notebook, which has what it says rendered whenever that changes. */
function outputOf(data: Record<string, unknown>): OutputModel {
  const model = new OutputModel({
    value: { output_type: 'display_data', data: data as Record<string, string>, metadata: {} },
  });
  model.changed.connect(() => {
    changes++;
    void output.renderModel(model);
  });
  void output.renderModel(model);
  return model;
}

beforeEach(() => {
  const server = new FakeServer();
  const api = new Api({ baseUrl: '/', fetch: () => Promise.reject(new TypeError('Failed to fetch')) });
  connection = new Connection(() => 'ws://x', { WebSocket: server.WebSocket, page: new EventTarget() });
  shown = [];
  changes = 0;
  const sources = new RunSources(api, connection, ENGLISH);
  const host: LabOutputHost = {
    ready: Promise.resolve(null),
    sources: { share: (run: RunKey) => (shown.push(run.run), sources.share(run)) } as unknown as RunSources,
    widgets: new WidgetRuns(),
    words: ENGLISH,
    view: () => Promise.reject(new Error('no view')),
    onRepeat: listener => {
      repeat = listener;
      return () => undefined;
    },
  };
  output = new RenderedRun(host, { preferredMimeType: () => undefined } as unknown as IRenderMimeRegistry);
  document.body.append(output.node);
});

afterEach(() => {
  output.node.remove();
  output.dispose();
  connection.dispose();
});

const isShown = (...runs: string[]): Promise<void> => vi.waitFor(() => expect(shown).toEqual(runs));

test('a run that is submitted again gives its output to its repetition, and its still goes', async () => {
  const model = outputOf(still('digits_1'));
  await isShown('digits_1');
  repeat(key('digits_1'), made('digits_2'));
  await isShown('digits_1', 'digits_2');
  expect(model.toJSON().data).toEqual(repeated('digits_2'));
  expect(changes).toBe(1); // which marks the notebook as changed

  repeat(key('digits_1'), made('digits_3')); // it isn't shown here any more
  expect(model.toJSON().data).toEqual(repeated('digits_2'));
  repeat(key('digits_2'), made('digits_4'));
  await isShown('digits_1', 'digits_2', 'digits_4');
  expect(model.toJSON().data).toEqual(repeated('digits_4'));
});

test('a still of a run that was repeated comes too late', async () => {
  outputOf(still('digits_1'));
  await isShown('digits_1');
  repeat(key('digits_1'), made('digits_2'));
  await isShown('digits_1', 'digits_2');
  const late = outputOf(still('digits_1')); // a kernel's update is a new model for the same place
  expect(late.toJSON().data).toEqual(repeated('digits_2'));
  expect(shown).toEqual(['digits_1', 'digits_2']);
});

test('any other run that an output comes to name is shown', async () => {
  outputOf(still('digits_1'));
  await isShown('digits_1');
  repeat(key('digits_1'), made('digits_2'));
  const other = outputOf(still('cats_1'));
  await isShown('digits_1', 'cats_1');
  expect(other.toJSON().data).toEqual(still('cats_1'));
});
