import { describe, expect, test } from 'vitest';
import { FakeTargets, target } from '../../dev/fake_targets';
import { ServerError } from '../../src/server/api';
import { until } from '../view/setup';
import { button, card, showTargets } from './setup';

const state = (one: HTMLElement): string => one.querySelector<HTMLElement>('.cellrun-state')!.innerText;

test('where there are several workspaces, it is said of which one they are', async () => {
  const { place, named } = await showTargets();
  await until(() => named.mock.calls.length > 0, 'it is told to the tab');
  expect(named.mock.calls).toEqual([['digits']]);
  expect(place.querySelector('.cellrun-targets-header')!.textContent).toContain('digits');
});

describe('the list', () => {
  test('says of each target how it is, and how full', async () => {
    const shown = await showTargets();
    const states = shown.server.listed.map(({ name }) => [name, state(card(shown, name))]);
    expect(states).toEqual([
      ['local', 'answers'],
      ['box', 'answers'],
      ['new', 'being asked'],
      ['far', "doesn't answer"],
      ['lent', 'attached by another user'],
      ['broken', "can't be used here"],
    ]);
    expect(card(shown, 'box').innerText.replace(/\s+/gu, ' ')).toContain(
      'ssh · me@gpu1.example.org Test Detach CPUs 4 of 16 GPUs 1 of 2 Memory 12.0 GB of 64.0 GB Running 2 Waiting 5 Last heard of: just now.',
    );
    expect(card(shown, 'local').innerText).toContain('this machine');
    const far = card(shown, 'far').innerText;
    expect(far).toContain("Not heard of since 11 minutes ago: gpu3 can't be reached: no route to host");
    expect(far).toMatch(/It is asked again in 4\d seconds\./u);
    expect(far).toContain('What is shown is of 11 minutes ago.');
    expect(card(shown, 'broken').innerText).toContain('JSONDecodeError');
  });

  test('offers of each what can be done with it', async () => {
    const shown = await showTargets();
    const offered = (name: string): string[] =>
      [...card(shown, name).querySelectorAll('button')].filter(one => !one.hidden).map(one => one.innerText);
    expect(offered('local')).toEqual(['Test']);
    expect(offered('box')).toEqual(['Test', 'Detach']);
    expect(offered('lent')).toEqual(['Look at it', 'Detach']);
    expect(offered('broken')).toEqual(['Detach']);
  });

  test('offers nothing to who may only look', async () => {
    const server = new FakeTargets();
    server.mayChange = false;
    const shown = await showTargets(server);
    expect(
      [...shown.place.querySelectorAll('button')].filter(one => !one.hidden).map(one => one.innerText),
    ).toEqual(['Refresh']);
    expect(shown.place.innerText).toContain('You may look at the targets of this server, and change none.');
  });

  test('is asked for again soon while an answer is waited for, and what the keyboard is at stays', async () => {
    const server = new FakeTargets([target('new', { is_asked: true, heard_at: null, fullness: null })]);
    const shown = await showTargets(server);
    button(shown.place, 'Test new').focus();
    server.listed = [target('new')];
    await until(() => state(card(shown, 'new')) === 'answers', 'the answer is seen');
    expect(document.activeElement).toBe(button(shown.place, 'Test new'));
    expect(server.asked.length).toBeGreaterThan(1);
  });

  test('says why it could not be loaded, and keeps what it shows', async () => {
    const shown = await showTargets(new FakeTargets([target('local')]));
    expect(shown.place.innerText).toContain('Only this machine so far.');
    shown.server.refusal = new ServerError(0, 'Failed to fetch');
    button(shown.place, 'Refresh').click();
    await until(() => shown.place.innerText.includes('could not be loaded: Failed to fetch'), 'it is said');
    expect(shown.server.asked.at(-1)).toEqual(['targets', true]);
    expect(state(card(shown, 'local'))).toBe('answers');
  });
});

describe('one target', () => {
  test('is tested on demand, and says what was found until it is hidden', async () => {
    const shown = await showTargets();
    button(shown.place, 'Test box').click();
    const box = card(shown, 'box');
    await until(() => box.innerText.includes('1 thing is not well.'), 'it was tested');
    expect(shown.server.asked).toContainEqual(['examine', 'box']);
    expect([...box.querySelectorAll('.cellrun-findings li')].map(one => one.textContent)).toEqual([
      'wellconnectionbox answers after 0.4 s; it calls itself gpu1',
      'not wellclockit is 90 s ahead; set it',
    ]);
    button(box, 'Hide').click();
    expect(box.querySelector('.cellrun-findings')).toBeNull();
    expect(document.activeElement).toBe(box.querySelector('h3'));
  });

  test('says beside it why it could not be tested', async () => {
    const shown = await showTargets();
    shown.server.refusal = new ServerError(429, '8 targets are being asked already');
    button(shown.place, 'Test box').click();
    await until(
      () => card(shown, 'box').innerText.includes('8 targets are being asked already'),
      'it is said',
    );
  });

  test('is detached after a question', async () => {
    const shown = await showTargets();
    shown.dialogs.answer = null;
    button(shown.place, 'Detach box').click();
    await until(() => shown.dialogs.asked.length === 1, 'it is asked');
    expect(shown.dialogs.asked[0]).toMatchObject({ title: 'Detach box?', accept: 'Detach', danger: true });
    expect(shown.server.asked.filter(([what]) => what === 'detach')).toEqual([]);
    shown.dialogs.answer = [];
    await until(() => card(shown, 'box').getAttribute('aria-busy') === null, 'it can be asked again');
    button(shown.place, 'Detach box').click();
    await until(() => !shown.place.innerText.includes('me@gpu1.example.org'), 'it is gone');
    expect(document.activeElement).toBe(button(shown.place, 'Attach a target'));
  });

  test('stays while its runs forbid that, and says which', async () => {
    const shown = await showTargets();
    shown.server.refusal = new ServerError(
      409,
      "runs of the target 'box' haven't ended: digits-3; cancel them first",
    );
    button(shown.place, 'Detach box').click();
    await until(() => card(shown, 'box').innerText.includes("haven't ended: digits-3"), 'it is said');
    expect(card(shown, 'box').innerText).toContain('box was not detached');
  });
});
