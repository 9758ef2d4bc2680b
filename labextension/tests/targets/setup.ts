import { expect, onTestFinished, vi } from 'vitest';
import { FakeTargets } from '../../dev/fake_targets';
import { translateInto } from '../../src/i18n/translate';
import { TargetsView } from '../../src/targets/targets_view';
import { FakeDialogs } from '../panel/setup';
import { until } from '../view/setup';

export interface ShownTargets {
  readonly place: HTMLElement;
  readonly server: FakeTargets;
  readonly dialogs: FakeDialogs;
  readonly named: ReturnType<typeof vi.fn>;
}

/** Show the page, and wait until what the server lists is there. */
export async function showTargets(
  server = new FakeTargets(),
  { width = 1000, language = 'en' } = {},
): Promise<ShownTargets> {
  const dialogs = new FakeDialogs();
  const named = vi.fn();
  const view = new TargetsView(server, 'w', { dialogs, translate: translateInto(language), language, named });
  const place = document.createElement('main');
  Object.assign(place.style, { width: `${width}px`, height: '860px' });
  place.append(view.element);
  document.body.append(place);
  onTestFinished(() => {
    view.dispose();
    place.remove();
  });
  await until(
    () => place.querySelectorAll('.cellrun-target').length === server.listed.length,
    'all are listed',
  );
  return { place, server, dialogs, named };
}

/** The card of a target. */
export function card({ place }: ShownTargets, name: string): HTMLElement {
  const found = [...place.querySelectorAll<HTMLElement>('.cellrun-target')].find(
    one => one.querySelector('h3')?.textContent === name,
  );
  expect(found, `a card of ${name}`).toBeDefined();
  return found!;
}

/** A button by what is on it, or by what it is called. */
export function button(within: HTMLElement, name: string): HTMLButtonElement {
  const found = [...within.querySelectorAll('button')].find(
    one => one.innerText === name || one.getAttribute('aria-label') === name,
  );
  expect(found, `a button ${name}`).toBeDefined();
  return found!;
}

/** Open the form, and fill in these fields by their labels. */
export async function fillIn(
  shown: ShownTargets,
  values: Readonly<Record<string, string>>,
): Promise<HTMLElement> {
  if (!shown.place.querySelector('form')) button(shown.place, 'Attach a target').click();
  await until(() => shown.place.querySelector('form') !== null, 'the form is there');
  for (const [name, value] of Object.entries(values)) {
    const control = field(shown, name);
    control.value = value;
    control.dispatchEvent(new Event('input', { bubbles: true }));
    control.dispatchEvent(new Event('change', { bubbles: true }));
  }
  return shown.place.querySelector('form')!;
}

/** The control of a field by its label. */
export function field({ place }: ShownTargets, name: string): HTMLInputElement {
  const labels = [...place.querySelectorAll<HTMLLabelElement>('form label')];
  const label = labels.find(one => one.textContent.split(' · ')[0] === name);
  expect(label, `a field ${name}`).toBeDefined();
  return label!.control as HTMLInputElement;
}

/** What is said to be wrong with a field. */
export function problem(shown: ShownTargets, name: string): string {
  return field(shown, name).parentElement!.querySelector('[role=alert]')!.textContent;
}
