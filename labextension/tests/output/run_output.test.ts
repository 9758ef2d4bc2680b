import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeServer } from '../../dev/fake_server';
import { RunSources } from '../../src/data/run_sources';
import { WidgetRuns, type WidgetRun } from '../../src/data/widget_runs';
import { RunOutput, type Part, type OutputHost } from '../../src/output/run_output';
import { Api } from '../../src/server/api';
import { Connection } from '../../src/server/connection';
import type { ServerProblem } from '../../src/server/problem';
import { ENGLISH } from '../../src/server/words';
import { until } from '../view/setup';

const KEY = { workspace: 'workspace', run: 'digits_1' };

let server: FakeServer;
let connection: Connection;
let widgets: WidgetRuns;
let output: RunOutput;
let shown: Record<'view' | 'still' | 'widget', number>;
let ready: (problem: ServerProblem | null) => void;

/** A part that says what it is, and counts how often it is there. */
function part(kind: keyof typeof shown): Part {
  const element = document.createElement('div');
  element.textContent = kind;
  shown[kind]++;
  return {
    element,
    dispose: () => {
      shown[kind]--;
      element.remove();
    },
  };
}

function open(hasStill = true): void {
  output = new RunOutput(KEY, around(), () => (hasStill ? part('still') : null));
  document.body.append(output.element);
}

function around(): OutputHost {
  const api = new Api({ baseUrl: '/', fetch: () => Promise.reject(new TypeError('Failed to fetch')) });
  connection = new Connection(() => 'ws://x', { WebSocket: server.WebSocket, page: new EventTarget() });
  return {
    ready: new Promise(resolve => (ready = resolve)),
    sources: new RunSources(api, connection, ENGLISH),
    widgets,
    words: ENGLISH,
    view: () => Promise.resolve(part('view')),
  };
}

const widget: WidgetRun = {
  show: el => {
    const made = part('widget');
    el.append(made.element);
    return Promise.resolve(() => made.dispose());
  },
};

const text = (): string => output.element.innerText.trim();
const serve = async (): Promise<void> => {
  ready(null);
  await until(() => server.sockets.length > 0, 'the server is asked');
  server.accept();
};

beforeEach(() => {
  server = new FakeServer();
  widgets = new WidgetRuns();
  shown = { view: 0, still: 0, widget: 0 };
});

afterEach(() => {
  output.dispose();
  connection.dispose();
  expect(shown).toEqual({ view: 0, still: 0, widget: 0 });
  expect(output.element.isConnected).toBe(false);
});

describe('where the server has the run', () => {
  test('its view is shown, whatever else there is', async () => {
    widgets.add(KEY, widget);
    open();
    expect(text()).toBe(ENGLISH.loading);
    expect(output.element.getBoundingClientRect().height).toBeGreaterThan(300); // the place is kept
    await serve();
    server.tell({ reset: true, header: {} });
    await until(() => text() === 'view', 'the view is shown');
    expect(output.element.dataset.shown).toBe('server');
    expect(shown).toEqual({ view: 1, still: 0, widget: 0 });
  });

  test('it is left alone by what is saved, by widgets that come and go, and by the end of the run', async () => {
    open();
    await serve();
    server.tell({ reset: true, header: {} });
    await until(() => text() === 'view', 'the view is shown');
    const element = output.element.firstElementChild;
    widgets.add(KEY, widget)();
    output.saved();
    server.tell({ header: { status: 'Completed' } });
    server.say({ type: 'error', channel: 1, status: 404, message: 'deleted meanwhile' });
    expect(output.element.firstElementChild).toBe(element);
    expect(text()).toBe('view');
  });
});

describe('where it has not', () => {
  const refuse = async (): Promise<void> => {
    await serve();
    server.say({ type: 'error', channel: 1, status: 404, message: 'no such run' });
  };

  test("a kernel's view is shown without a word, and stays when its kernel is gone", async () => {
    const forget = widgets.add(KEY, widget);
    open();
    await refuse();
    await until(() => text() === 'widget', 'the widget is shown');
    forget();
    output.saved();
    expect(text()).toBe('widget');
    expect(shown.still).toBe(0);
  });

  test('the still is shown, with a sentence; a kernel that comes takes its place', async () => {
    open();
    await refuse();
    await until(() => text().startsWith('still'), 'the still is shown');
    expect(text()).toContain("The run digits_1 isn't in a workspace of this user on this server");
    output.saved();
    expect(shown.still).toBe(1);
    widgets.add({ ...KEY, run: 'other' }, widget);
    expect(text()).toContain('still');
    widgets.add(KEY, widget);
    await until(() => text() === 'widget', 'the widget is shown');
  });

  test('without a still, there is the sentence', async () => {
    open(false);
    await refuse();
    await until(() => text() !== ENGLISH.loading, 'it is known');
    expect(text()).toMatch(/^The run digits_1 isn't in a workspace/);
  });
});

test('without the server extension, a sentence says how to enable it', async () => {
  open();
  ready({ kind: 'missing', message: ENGLISH.missing });
  await until(() => text().startsWith('still'), 'the still is shown');
  expect(output.element.querySelector('code')?.textContent).toBe(
    'jupyter server extension enable cellrun.server',
  );
  expect(server.sockets).toHaveLength(0);
});

test('a server that takes its time leaves the place to the still, and takes it when it answers', async () => {
  open();
  await serve();
  await until(() => text() === 'still', 'the still is shown');
  server.tell({ reset: true, header: {} });
  await until(() => text() === 'view', 'the view is shown');
});

test('a server that is gone when the page is loaded is said', async () => {
  open(false);
  ready(null);
  await until(() => server.sockets.length > 0, 'the server is asked');
  server.end();
  await until(() => text() === ENGLISH.unreachable, 'it is said');
});

test('a view whose code cannot be loaded leaves the place to the still, with the reason', async () => {
  const surroundings: OutputHost = {
    ...around(),
    view: () => Promise.reject(new Error('Loading chunk 7 failed')),
  };
  output = new RunOutput(KEY, surroundings, () => part('still'));
  document.body.append(output.element);
  await serve();
  server.tell({ reset: true, header: {} });
  await until(() => text().includes('Loading chunk 7 failed'), 'the reason is said');
  expect(text()).toContain('still');
});

test('an output that nobody sees asks for nothing', async () => {
  open();
  output.element.style.display = 'none';
  ready(null);
  await new Promise(resolve => setTimeout(resolve, 200));
  expect(server.sockets).toHaveLength(0);
  output.element.style.display = '';
  await until(() => server.sockets.length > 0, 'the server is asked');
});

test('an output that is gone before the answer shows nothing', async () => {
  open();
  await serve();
  output.dispose();
  server.tell({ reset: true, header: {} });
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(shown.view).toBe(0);
});
