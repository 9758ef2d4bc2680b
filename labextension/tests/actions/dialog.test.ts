import axe from 'axe-core';
import { page, userEvent } from 'vitest/browser';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PageDialogs } from '../../src/actions/dialog';
import viewCss from '../../src/style/view.css?inline';
import { find } from '../view/setup';

let surface: HTMLElement;

beforeEach(() => {
  surface = document.createElement('main');
  surface.className = 'cellrun';
  const style = document.createElement('style');
  style.textContent = viewCss;
  surface.append(style);
  document.body.append(surface);
});

afterEach(() => surface.remove());

const QUESTION = {
  title: 'Delete 2 runs?',
  lines: ['Frees 3.0 MB.', '<b>text</b>'],
  accept: 'Delete',
  danger: true,
};

test('a question is answered by its buttons, or not at all', async () => {
  const dialogs = new PageDialogs(surface, text => text);
  const first = dialogs.ask(QUESTION);
  expect(find(surface, 'dialog').innerText).toContain('<b>text</b>');
  const { violations } = await axe.run(surface, { resultTypes: ['violations'] });
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
  await userEvent.click(page.getByRole('button', { name: 'Delete' }));
  expect(await first).toEqual([]);
  const second = dialogs.ask(QUESTION);
  await userEvent.keyboard('{Escape}');
  expect(await second).toBeNull();
  const third = dialogs.ask(QUESTION);
  await userEvent.click(page.getByRole('button', { name: 'Dismiss' }));
  expect(await third).toBeNull();
  expect(surface.querySelector('dialog')).toBeNull();
});

test('what destroys is never a key away: the other button has the focus', async () => {
  const dialogs = new PageDialogs(surface, text => text);
  const danger = dialogs.ask(QUESTION);
  await userEvent.keyboard('{Enter}');
  expect(await danger).toBeNull();
  const harmless = dialogs.ask({ ...QUESTION, danger: false });
  await userEvent.keyboard('{Enter}');
  expect(await harmless).toEqual([]);
});

test('what is told may lead somewhere', async () => {
  const dialogs = new PageDialogs(surface, text => text);
  let followed = 0;
  dialogs.tell('digits-4 is submitted.', 'info', { label: 'Open', follow: () => followed++ });
  await userEvent.click(page.getByRole('button', { name: 'Open' }));
  expect(followed).toBe(1);
  expect(surface.querySelector('.cellrun-notice')).toBeNull();
});

test('fields have the focus, and Enter is enough', async () => {
  const dialogs = new PageDialogs(surface, text => text);
  const fields = [
    { label: 'Name', value: 'digits-1' },
    { label: 'Tags', value: '', help: 'Separated by commas' },
  ];
  const answer = dialogs.ask({ title: 'Edit', lines: [], fields, accept: 'Save' });
  await userEvent.keyboard('{End}b{Tab}best{Enter}');
  expect(await answer).toEqual(['digits-1b', 'best']);
});

test('what is told can be closed', async () => {
  const dialogs = new PageDialogs(surface, text => text);
  dialogs.tell('it went wrong', 'error');
  expect(find(surface, '.cellrun-notice').innerText).toContain('it went wrong');
  await userEvent.click(page.getByRole('button', { name: 'Close' }));
  expect(surface.querySelector('.cellrun-notice')).toBeNull();
});
