import { userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { ServerError } from '../../src/server/api';
import { until } from '../view/setup';
import { button, card, field, fillIn, problem, showTargets, type ShownTargets } from './setup';

const NAMED = { Name: 'gpu', Kind: 'ssh', host: 'me@gpu9' };

const attached = (shown: ShownTargets): unknown[] =>
  shown.server.asked.filter(([what]) => what === 'attach').map(([, given]) => given);

async function tested(shown: ShownTargets, says: string): Promise<HTMLElement> {
  const form = await fillIn(shown, NAMED);
  button(form, 'Test').click();
  await until(() => form.innerText.includes(says), says);
  return form;
}

describe('the form', () => {
  test('attaches what was tested and is well, and shows what was found there', async () => {
    const shown = await showTargets();
    const form = await fillIn(shown, NAMED);
    expect(button(form, 'Attach').disabled).toBe(true);
    button(form, 'Test').click();
    await until(() => !button(form, 'Attach').disabled, 'it may be attached');
    expect(shown.server.asked.at(-1)).toEqual([
      'check',
      { name: 'gpu', kind: 'ssh', settings: { host: 'me@gpu9' } },
    ]);
    expect(attached(shown)).toEqual([]);
    expect(button(form, 'Attach it all the same').hidden).toBe(true);
    button(form, 'Attach').click();
    await until(() => shown.place.querySelector('form') === null, 'it is attached');
    expect(attached(shown)).toEqual([{ name: 'gpu', kind: 'ssh', settings: { host: 'me@gpu9' } }]);
    expect(card(shown, 'gpu').innerText).toContain('All is well.');
    expect(document.activeElement).toBe(card(shown, 'gpu').querySelector('h3'));
  });

  test('asks for what is needed first, and says beside a field what is wrong with it', async () => {
    const shown = await showTargets();
    const form = await fillIn(shown, { Kind: 'ssh' });
    expect([...form.querySelectorAll('label')].map(one => one.textContent)).toEqual([
      'Name · needed',
      'Kind · needed',
      'host · needed',
      'folder · optional',
    ]);
    button(form, 'Test').click();
    expect([problem(shown, 'Name'), problem(shown, 'host'), problem(shown, 'folder')]).toEqual([
      'This is needed.',
      'This is needed.',
      '',
    ]);
    expect(document.activeElement).toBe(field(shown, 'Name'));
    expect(shown.server.asked.filter(([what]) => what === 'check')).toEqual([]);
    const problems = {
      name: 'it is taken',
      kind: '',
      settings: { folder: 'no path' },
      others: 'both are wrong',
    };
    shown.server.check = { problems, findings: [] };
    await fillIn(shown, NAMED);
    expect([problem(shown, 'Name'), problem(shown, 'host')]).toEqual(['', '']);
    expect(field(shown, 'host').getAttribute('aria-invalid')).toBeNull();
    button(form, 'Test').click();
    await until(() => problem(shown, 'Name') === 'it is taken', 'it is said');
    expect([problem(shown, 'host'), problem(shown, 'folder')]).toEqual(['', 'no path']);
    expect(field(shown, 'folder').getAttribute('aria-invalid')).toBe('true');
    expect(form.innerText).toContain('both are wrong');
    expect(button(form, 'Attach').disabled).toBe(true);
  });

  test('lets one be attached that is not well, by another button', async () => {
    const shown = await showTargets();
    shown.server.check = { ...shown.server.check, findings: shown.server.findings };
    const form = await tested(shown, '1 thing is not well.');
    expect(button(form, 'Attach').disabled).toBe(true);
    expect(button(form, 'Attach').title).toContain('Not all is well');
    button(form, 'Attach it all the same').click();
    await until(() => attached(shown).length === 1, 'it is attached');
  });

  test('forgets a test once something else is written', async () => {
    const shown = await showTargets();
    const form = await tested(shown, 'All is well.');
    await fillIn(shown, { host: 'other' });
    expect(button(form, 'Attach').disabled).toBe(true);
    expect(form.innerText).toContain('Changed since the test');
  });

  test('sends numbers, lists and choices as what they are, and nothing that is left out', async () => {
    const shown = await showTargets();
    const form = await fillIn(shown, {
      Name: 'gpu',
      Kind: 'moon',
      nodes: '2',
      extra: '--a\n\n --b ',
      way: 'push',
    });
    button(form, 'Test').click();
    await until(() => form.innerText.includes('All is well.'), 'it is tested');
    const settings = { nodes: 2, extra: ['--a', '--b'], way: 'push' };
    expect(shown.server.asked.at(-1)).toEqual(['check', { name: 'gpu', kind: 'moon', settings }]);
    await fillIn(shown, { nodes: 'two', extra: '', way: '' });
    button(form, 'Test').click();
    expect(problem(shown, 'nodes')).toBe('This is a whole number.');
  });

  test('says why it was not attached', async () => {
    const shown = await showTargets();
    const form = await tested(shown, 'All is well.');
    shown.server.refusal = new ServerError(409, "there is a compute target 'gpu' already");
    button(form, 'Attach').click();
    await until(() => form.innerText.includes("there is a compute target 'gpu' already"), 'it is said');
  });

  test('is used by keys alone: Enter tests, Escape closes', async () => {
    const shown = await showTargets();
    const form = await fillIn(shown, NAMED);
    field(shown, 'host').focus();
    await userEvent.keyboard('{Enter}');
    await until(() => form.innerText.includes('All is well.'), 'it is tested');
    expect(attached(shown)).toEqual([]);
    await userEvent.keyboard('{Escape}');
    expect(shown.place.querySelector('form')).toBeNull();
    expect(document.activeElement).toBe(button(shown.place, 'Attach a target'));
  });
});

test('one that another user attached is attached as it is, once it was looked at', async () => {
  const shown = await showTargets();
  button(card(shown, 'lent'), 'Look at it').click();
  await until(() => shown.place.querySelector('form') !== null, 'the form is there');
  const form = shown.place.querySelector('form')!;
  expect(form.innerText).toContain('Attach lent, which another user attached?');
  expect(form.innerText).toContain('go on only if you trust whoever attached it');
  expect(form.querySelectorAll('input, select').length).toBe(0);
  expect(form.querySelector('dl')!.innerText.replace(/\s+/gu, ' ')).toBe('Name lent Kind ssh host theirs');
  button(form, 'Test').click();
  await until(() => !button(form, 'Trust and attach').disabled, 'it was tested');
  button(form, 'Trust and attach').click();
  await until(() => attached(shown).length === 1, 'it is attached');
  expect(attached(shown)).toEqual([{ name: 'lent', kind: 'ssh', settings: { host: 'theirs' } }]);
});
