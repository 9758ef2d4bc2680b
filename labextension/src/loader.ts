/** A widget's `_esm`: hears its model from the start, and brings the view's code into the page. */

import { bytesOf, type FromKernel, type WireBuffer } from './data/protocol';
import type { Model } from './data/comm_source';
import type { Delivery, EarlyMessage, Followed, ViewModule } from './provider';

declare const VERSION: string;

/**
 * When the code is asked for, and how long until it is asked for again; after the last, twice as long each time.
 *
 * Not at once: JupyterLab needs a moment to make the subshell on which a busy kernel answers. Not often: a front end
 * without subshells gets every answer when the cell ends, with half a megabyte each.
 */
const ASK_AFTER_MS = [250, 2_000, 10_000];

/** Most messages kept until the view's code is there; it asks for a whole frame anyway. */
const MOST_EARLY = 256;

/** When the kernel is told that nobody needs its frames: the same moment for JupyterLab as in `ASK_AFTER_MS`. */
const LEAVE_AFTER_MS = 250;

/** anywidget calls this once a model, so what is in here is that model's. */
export default function widget(): object {
  let show: (el: HTMLElement) => Promise<() => void>;
  return {
    /** Doesn't wait for the view's code: until this returns, anywidget hands over no message, the code least of all. */
    initialize({ model }: { model: Model }): () => void {
      const waiting = wait(model);
      let followed: Promise<Followed> | undefined;
      const follow = (): Promise<Followed> =>
        (followed ??= load(model, waiting.stopped).then(view => view.follow(model, waiting.end())));
      show = el => showIn(el, follow);
      const page = globalThis.cellrun;
      if (!page) void follow(); // it is going to be shown, and the code may take a while
      void page?.isServed.then(isServed => {
        if (!isServed) return;
        setTimeout(() => {
          if (!followed) leave(model, waiting.stopped);
        }, LEAVE_AFTER_MS);
      });
      const key = { workspace: model.get('workspace_id'), run: model.get('run_id') };
      const forget = page?.widgets.add(key, { show });
      return () => {
        forget?.();
        waiting.end();
        void followed?.then(run => run.stop());
      };
    },

    render({ el }: { el: HTMLElement }): Promise<() => void> {
      return show(el);
    },
  };
}

/** Show a run in `el`; its place is kept while the view's code is on its way. */
async function showIn(el: HTMLElement, follow: () => Promise<Followed>): Promise<() => void> {
  const place = document.createElement('div');
  place.style.minHeight = '300px';
  el.append(place);
  const run = await follow();
  place.remove();
  return run.show(el);
}

/** Tell the kernel that the page needs none of its frames. */
function leave(model: Model, stopped: AbortSignal): void {
  if (stopped.aborted) return;
  try {
    model.send({ type: 'leave' });
  } catch {
    // its kernel was restarted: it sends nothing anyway
  }
}

/** Keep a model's messages until the view's code is there to read them. */
function wait(model: Model): { end: () => EarlyMessage[]; stopped: AbortSignal } {
  const early: EarlyMessage[] = [];
  const stop = new AbortController();
  const receive = (content: FromKernel, buffers: WireBuffer[]): void => {
    const [script] = buffers;
    if (content.type === 'bundle') {
      if (script) deliveryOf(content.version).deliver(bytesOf(script), content.encoding === 'gzip');
      return;
    }
    if (content.type === 'frame' && content.reset) early.length = 0;
    if (early.length < MOST_EARLY) early.push([content, buffers]);
  };
  model.on('msg:custom', receive);
  stop.signal.addEventListener('abort', () => model.off('msg:custom', receive));
  return {
    end: () => {
      stop.abort();
      return early;
    },
    stopped: stop.signal,
  };
}

/** The view's code: from the JupyterLab extension, or asked for with `model` over its comm. */
function load(model: Model, stopped: AbortSignal): Promise<ViewModule> {
  const provider = globalThis.cellrun;
  if (provider?.version === VERSION) return provider.load();
  let timer: ReturnType<typeof setTimeout>;
  const ask = (times: number, wait: number): void => {
    try {
      model.send({ type: 'bundle', version: VERSION });
    } catch {
      return; // its kernel was restarted: nobody is there to answer
    }
    plan(times + 1, wait);
  };
  const plan = (times: number, before: number): void => {
    const wait = ASK_AFTER_MS[times] ?? 2 * before;
    timer = setTimeout(ask, wait, times, wait);
  };
  // If another widget asks, perhaps a busy kernel, this one may be quicker in the end.
  plan(globalThis.cellrunDeliveries?.has(VERSION) ? ASK_AFTER_MS.length - 1 : 0, 0);
  stopped.addEventListener('abort', () => clearTimeout(timer));
  return deliveryOf(VERSION).module;
}

/** The one delivery of a version in this page; the first script that comes is taken. */
function deliveryOf(version: string): Delivery {
  const deliveries = (globalThis.cellrunDeliveries ??= new Map<string, Delivery>());
  const found = deliveries.get(version);
  if (found) return found;
  let deliver: Delivery['deliver'] = () => undefined;
  const module = new Promise<ViewModule>((resolve, reject) => {
    deliver = (script, gzipped) => {
      evaluate(script, gzipped).then(resolve, reject);
    };
  });
  const delivery = { module, deliver };
  deliveries.set(version, delivery);
  return delivery;
}

async function evaluate(script: Uint8Array, gzipped: boolean): Promise<ViewModule> {
  const { body } = new Response(script.slice());
  const text = gzipped ? body?.pipeThrough(new DecompressionStream('gzip')) : body;
  const blob = new Blob([await new Response(text).arrayBuffer()], { type: 'text/javascript' });
  const url = URL.createObjectURL(blob);
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ url)) as ViewModule;
  } finally {
    URL.revokeObjectURL(url);
  }
}
