import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeKernel } from '../../dev/fake_kernel';
import widget from '../../src/loader';
import { until } from './setup';
import { WidgetRuns } from '../../src/data/widget_runs';
import type { Model } from '../../src/data/comm_source';
import type { EarlyMessage, Followed, ViewModule } from '../../src/provider';

declare const VERSION: string;

interface Widget {
  initialize(context: { model: Model }): () => void;
  render(context: { model: Model; el: HTMLElement }): Promise<() => void>;
}

/** What the view's code was called with; the code that travels is as small as can be. */
interface Heard {
  followed: { model: Model; early: readonly EarlyMessage[] }[];
  stopped: number;
}
const SCRIPT = `
  export function follow(model, early) {
    globalThis.heard.followed.push({ model, early: [...early] });
    return {
      show(el) { el.append('shown'); return () => el.replaceChildren(); },
      stop() { globalThis.heard.stopped++; },
    };
  }`;

const page = globalThis as typeof globalThis & { heard: Heard };
const open = (kernel: FakeKernel): { widget: Widget; end: () => void } => {
  const made = widget() as Widget;
  return { widget: made, end: made.initialize({ model: kernel }) };
};
const asked = (kernel: FakeKernel): number => kernel.sent.filter(message => message.type === 'bundle').length;
const deliver = (kernel: FakeKernel): void =>
  kernel.emit({ type: 'bundle', version: VERSION }, [new TextEncoder().encode(SCRIPT)]);

beforeEach(() => {
  page.heard = { followed: [], stopped: 0 };
});

afterEach(() => {
  vi.useRealTimers();
  globalThis.cellrun = undefined;
  globalThis.cellrunDeliveries = undefined;
});

describe('over the comm', () => {
  test('the code is asked for, once a page, and all widgets are shown with it', async () => {
    const [first, second] = [new FakeKernel(), new FakeKernel()];
    const widgets = [open(first), open(second)];
    await until(() => asked(first) === 1, 'the code is asked for');
    expect(asked(second)).toBe(0);
    const els = [document.createElement('div'), document.createElement('div')];
    const shown = widgets.map(({ widget: made }, i) => made.render({ model: first, el: els[i]! }));
    deliver(first);
    const ends = await Promise.all(shown);
    expect(els.map(el => el.textContent)).toEqual(['shown', 'shown']);
    expect(page.heard.followed.map(({ model }) => model)).toEqual([first, second]);
    ends.forEach(end => end());
    expect(els.map(el => el.textContent)).toEqual(['', '']);
  });

  test('the code may come gzipped', async () => {
    const kernel = new FakeKernel();
    const { widget: made } = open(kernel);
    const gzipped = new Blob([SCRIPT]).stream().pipeThrough(new CompressionStream('gzip'));
    const bytes = await new Response(gzipped).arrayBuffer();
    kernel.emit({ type: 'bundle', version: VERSION, encoding: 'gzip' }, [new DataView(bytes)]);
    const el = document.createElement('div');
    await made.render({ model: kernel, el });
    expect(el.textContent).toBe('shown');
  });

  test('what was told before the code came is not lost', async () => {
    const kernel = new FakeKernel();
    const { widget: made } = open(kernel);
    kernel.tell({ log: 'lost on purpose: a whole frame follows' });
    kernel.tell({ reset: true, header: {} });
    kernel.tell({ log: 'x\n' });
    deliver(kernel);
    await made.render({ model: kernel, el: document.createElement('div') });
    const [{ early } = { early: [] }] = page.heard.followed;
    expect(early.map(([content]) => content.type === 'frame' && content.frame)).toEqual([1, 2]);
  });

  test('a kernel that does not answer is asked again, ever more seldom; so is another', () => {
    vi.useFakeTimers();
    const [busy, other] = [new FakeKernel(), new FakeKernel()];
    open(busy);
    const { end } = open(other);
    const after = [250, 2_000, 7_750, 2_250, 17_750, 2_250, 17_750];
    const times = after.map(passed => {
      vi.advanceTimersByTime(passed);
      return [asked(busy), asked(other)];
    });
    // at 0.25, 2.25, 12.25, 32.25 s; the other at 10, 30 s
    expect(times).toEqual([
      [1, 0],
      [2, 0],
      [2, 1],
      [3, 1],
      [3, 2],
      [4, 2],
      [4, 2],
    ]);
    end();
    vi.advanceTimersByTime(100_000);
    expect(asked(other)).toBe(2);
  });

  test('a kernel that was restarted meanwhile is asked no more', () => {
    vi.useFakeTimers();
    const kernel = new FakeKernel();
    open(kernel);
    kernel.isGone = true;
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test('a place is kept while the code is on its way', async () => {
    const kernel = new FakeKernel();
    const { widget: made } = open(kernel);
    const el = document.createElement('div');
    document.body.append(el);
    const shown = made.render({ model: kernel, el });
    expect(el.getBoundingClientRect().height).toBe(300);
    deliver(kernel);
    await shown;
    el.remove();
  });

  test('a widget that is gone leaves nothing, and stops what it began', async () => {
    const kernel = new FakeKernel();
    const { widget: made, end } = open(kernel);
    deliver(kernel);
    await made.render({ model: kernel, el: document.createElement('div') });
    end();
    await vi.waitFor(() => expect(page.heard.stopped).toBe(1));
    expect(kernel.heard).toBe(false);
  });
});

describe('from JupyterLab', () => {
  const provide = (version: string, isServed = false): void => {
    const followed: Followed = {
      show: el => (el.append('shown'), () => el.replaceChildren()),
      stop: () => undefined,
    };
    const module: ViewModule = { follow: () => followed };
    globalThis.cellrun = {
      version,
      language: 'en',
      translate: english => english,
      widgets: new WidgetRuns(),
      isServed: Promise.resolve(isServed),
      load: () => Promise.resolve(module),
    };
  };

  test('nothing is asked for if the extension is of the same version', async () => {
    provide(VERSION);
    const kernel = new FakeKernel();
    const { widget: made } = open(kernel);
    await made.render({ model: kernel, el: document.createElement('div') });
    expect(kernel.sent).toEqual([]);
    expect(kernel.heard).toBe(false);
  });

  test('a kernel of another version brings its own code', async () => {
    provide('99.0.0');
    const kernel = new FakeKernel();
    void open(kernel).widget.render({ model: kernel, el: document.createElement('div') });
    await until(() => kernel.sent.length > 0, 'the code is asked for');
    expect(kernel.sent).toEqual([{ type: 'bundle', version: VERSION }]);
  });

  test('a run may be shown in an output that is no widget; a model that is closed is forgotten', async () => {
    provide(VERSION);
    const kernel = new FakeKernel();
    const { end } = open(kernel);
    const key = { workspace: kernel.workspaceId, run: kernel.get('run_id') };
    const el = document.createElement('div');
    const away = await globalThis.cellrun?.widgets.find(key)?.show(el);
    expect(el.textContent).toBe('shown');
    away?.();
    expect(el.textContent).toBe('');
    end();
    expect(globalThis.cellrun?.widgets.find(key)).toBeUndefined();
  });

  test('a kernel whose run the server has is told once that nobody looks, unless someone does', async () => {
    provide(VERSION, true);
    const [unseen, seen] = [new FakeKernel(), new FakeKernel()];
    open(unseen);
    await open(seen).widget.render({ model: seen, el: document.createElement('div') });
    await until(() => unseen.sent.length > 0, 'the kernel is told');
    expect(unseen.sent).toEqual([{ type: 'leave' }]);
    expect(seen.sent).toEqual([]);
  });
});
