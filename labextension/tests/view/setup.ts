import { expect, onTestFinished, vi } from 'vitest';
import { FakeKernel } from '../../dev/fake_kernel';
import { SCENES } from '../../dev/scenes';
import { CommSource } from '../../src/data/comm_source';
import type { ViewActions } from '../../src/view/actions';
import { RunView } from '../../src/view/run_view';

/** A view in the page, and the kernel that feeds it. */
export interface Shown {
  readonly kernel: FakeKernel;
  readonly source: CommSource;
  readonly view: RunView;
  readonly place: HTMLElement;
}

/** Show a view `width` pixels wide; with a scene's first frame if one is named. */
export function show(scene?: string, width = 1264, actions: ViewActions = {}): Shown {
  const kernel = new FakeKernel();
  const source = new CommSource(kernel);
  const view = new RunView(source, actions);
  const place = document.createElement('main');
  place.style.width = `${width}px`;
  place.append(view.element);
  document.body.append(place);
  onTestFinished(() => {
    view.dispose();
    source.dispose();
    place.remove();
  });
  const start = scene === undefined ? undefined : SCENES[scene]?.start;
  if (start) kernel.tell({ reset: true, ...start });
  return { kernel, source, view, place };
}

/** The one element that a selector finds. */
export function find(within: ParentNode, selector: string): HTMLElement {
  const found = within.querySelectorAll<HTMLElement>(selector);
  expect(found, `${selector} finds one element`).toHaveLength(1);
  return found[0]!;
}

/** The text that a reader sees of an element. */
export function text(within: ParentNode, selector: string): string {
  const element = find(within, selector);
  return element instanceof HTMLElement ? element.innerText : (element as Element).textContent;
}

/** The texts of all elements that a selector finds. */
export function texts(within: ParentNode, selector: string): string[] {
  return [...within.querySelectorAll(selector)].map(element => element.textContent);
}

/** Wait until something holds. */
export async function until(holds: () => boolean | undefined, what: string): Promise<void> {
  await vi
    .waitUntil(() => holds() === true, { timeout: 10_000, interval: 20 })
    .catch((error: unknown) => {
      throw new Error(`in vain waited until ${what}`, { cause: error });
    });
}

/** The path of a chart's n-th line, as it is drawn. */
export function path(within: ParentNode, n = 0): string {
  return within.querySelectorAll('.js-line')[n]?.getAttribute('d') ?? '';
}

/** Wait until a chart's line is drawn, and return its card. */
export async function card(within: ParentNode, name: string): Promise<HTMLElement> {
  const named = (): HTMLElement | undefined =>
    [...within.querySelectorAll<HTMLElement>('.cellrun-card')].find(
      element => element.querySelector('b')?.textContent === name,
    );
  await until(() => path(named() ?? document.createElement('i')) !== '', `the chart of ${name} is drawn`);
  return named()!;
}

/** Wait until all of a view is drawn. */
export async function settled(place: HTMLElement): Promise<void> {
  await until(() => place.querySelector('.cellrun-state svg') !== null, 'the header is drawn');
  if (place.querySelector('.cellrun-card[role=group]'))
    await until(() => path(place) !== '', 'a chart is drawn');
  await new Promise(resolve => setTimeout(resolve, 150)); // one more drawing
}
