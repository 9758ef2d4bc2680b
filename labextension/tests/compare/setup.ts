import { expect, onTestFinished } from 'vitest';
import { CompareView, type CompareActions } from '../../src/compare/compare_view';
import { until } from '../view/setup';
import { FakeServer } from './fake_server';

export function show(
  server = new FakeServer(),
  actions: CompareActions = {},
  width = 1086,
  runs = server.comparison?.runs.map(({ id }) => id) ?? ['digits-3', 'digits-2'],
): { place: HTMLElement; view: CompareView; server: FakeServer } {
  const view = new CompareView(server, server, 'w', runs, actions);
  const place = document.createElement('main');
  Object.assign(place.style, { width: `${width}px`, height: '640px' });
  place.append(view.element);
  document.body.append(place);
  onTestFinished(() => {
    view.dispose();
    place.remove();
  });
  return { place, view, server };
}

export async function shown(
  ...given: Parameters<typeof show>
): Promise<{ place: HTMLElement; view: CompareView; server: FakeServer }> {
  const found = show(...given);
  await until(() => found.place.querySelector('tbody tr th') !== null, 'the table is filled');
  return found;
}

/** A row of the table as a reader sees it: name, then values. */
export function cells(place: HTMLElement, name: string): string[] {
  const found = [...place.querySelectorAll<HTMLTableRowElement>('tbody tr')].find(
    one => one.querySelector('th span:nth-child(2)')?.textContent === name,
  );
  return [...(found?.querySelectorAll('td') ?? [])].map(cell => cell.innerText);
}

export function rowNames(place: HTMLElement): string[] {
  return [...place.querySelectorAll('tbody th span:nth-child(2)')].map(one => one.textContent);
}

export function differing(place: HTMLElement): string[] {
  return [...place.querySelectorAll('tbody tr[data-differs] th span:nth-child(2)')].map(
    one => one.textContent,
  );
}

export function button(place: HTMLElement, name: string): HTMLButtonElement {
  const found = [...place.querySelectorAll('button')].find(
    one => one.innerText === name || one.getAttribute('aria-label') === name,
  );
  expect(found, `a button ${name}`).toBeDefined();
  return found!;
}
