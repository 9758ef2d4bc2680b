import axe from 'axe-core';
import { userEvent } from 'vitest/browser';
import { describe, expect, test, vi } from 'vitest';
import { FakeKernel } from '../../dev/fake_kernel';
import { latexPage, markdownPage } from '../../src/view/markdown';
import type { ViewActions } from '../../src/view/actions';
import { screenshot } from '../screenshot';
import { find, show, text, until } from './setup';

const encode = (content: string): Uint8Array => new TextEncoder().encode(content);
const card = (place: HTMLElement, n: number): HTMLElement => find(place, `.cellrun-image:nth-child(${n})`);
const SERVER: ViewActions = {
  readFile: () => Promise.resolve(encode('<html><body>drawn</body></html>')),
  toHtml: (mime, source) => Promise.resolve(mime === 'text/latex' ? latexPage(source) : markdownPage(source)),
};

/** The heights that pages tell of themselves. */
function heights(): number[] {
  const told: number[] = [];
  addEventListener('message', ({ data }: MessageEvent<{ cellrunHeight?: number }>) => {
    if (data.cellrunHeight !== undefined) told.push(data.cellrunHeight);
  });
  return told;
}

function tellPage(kernel: FakeKernel, html: string): void {
  const image = { name: 'html_1', path: 'displayed/html_1.html', mime: 'text/html', data: encode(html) };
  kernel.tell({ reset: true, header: {}, images: [image] });
}

describe('what a cell displayed', () => {
  test('a frame of pandas is a table, as high as it is', async () => {
    const { place } = show('displayed');
    await until(() => place.querySelector('.cellrun-frame') !== null, 'it is there');
    const frame = find(card(place, 1), '.cellrun-frame');
    await until(() => frame.offsetHeight > 80 && frame.offsetHeight < 160, 'it has the height of three rows');
    expect(frame.getAttribute('sandbox')).toBe('allow-scripts');
    expect(card(place, 1).dataset.wide).toBe('');
    expect(place.querySelector('table')).toBeNull();
  });

  test('without a server, Markdown and formulas are their text, and what is large is named', async () => {
    const { place } = show('displayed');
    await until(() => place.querySelectorAll('.cellrun-image').length === 5, 'all are there');
    expect(text(card(place, 2), 'pre')).toBe('# A *title*');
    expect(text(card(place, 3), 'pre')).toContain('frac');
    expect(text(card(place, 5), 'p')).toBe('displayed/figure_1.html, 4.8 MB: not shown here');
  });

  test('with one, they are drawn, and what is large is asked for when it is in sight', async () => {
    const { place } = show('displayed', 1264, SERVER);
    await until(() => place.querySelectorAll('.cellrun-image').length === 5, 'all are there');
    for (const n of [2, 3, 5]) {
      card(place, n).scrollIntoView();
      await until(() => card(place, n).querySelector('.cellrun-frame') !== null, `${n} is drawn`);
    }
    expect(markdownPage('# A *title*')).toContain('<h1>A <em>title</em></h1>');
    expect(latexPage(String.raw`$\frac{1}{2}$`)).toMatch(/<math.*<mfrac>/);
  });

  test('a drawing is a picture that enlarges', async () => {
    const { place } = show('displayed');
    await until(() => place.querySelector<HTMLImageElement>('img')?.naturalWidth === 200, 'it is drawn');
    find(place, '.cellrun-enlarge').focus();
    await userEvent.keyboard('{Enter}');
    await until(() => place.querySelector('dialog')?.open === true, 'it is large');
    await userEvent.keyboard('{Escape}');
    await until(() => place.querySelector('dialog') === null, 'it is closed');
  });

  test('the same place shows what came later, and goes back', async () => {
    const { place, kernel } = show();
    tellPage(kernel, '<p>one');
    const two = {
      name: 'html_1',
      path: 'displayed/html_1-1.html',
      mime: 'text/html',
      data: encode('<p>two'),
    };
    kernel.tell({ images: [two] });
    await until(
      () => place.querySelector('iframe')?.title === 'displayed/html_1-1.html',
      'the later is shown',
    );
    find(place, '.cellrun-image [aria-label=Previous]').click();
    expect(find(place, '.cellrun-frame').title).toBe('displayed/html_1.html');
  });

  test('a page may say any height, and gets what is bearable', async () => {
    const told = heights();
    const { place, kernel } = show();
    tellPage(kernel, '<div style="height:99999px"></div>');
    await until(() => told.length > 0 && find(place, '.cellrun-frame').offsetHeight === 460, 'it is bounded');
    parent.postMessage({ cellrunHeight: 50 }, '*'); // not from the frame
    postMessage({ cellrunHeight: 50 }, '*');
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(find(place, '.cellrun-frame').offsetHeight).toBe(460);
  });

  test('a text that can’t be drawn is the text that it is', async () => {
    const refused = vi.fn();
    addEventListener('unhandledrejection', refused);
    const { place, kernel } = show(undefined, 800, {
      toHtml: () => Promise.reject(new RangeError('too deep')),
    });
    const part = { name: 'markdown_1', path: 'displayed/markdown_1.md', mime: 'text/markdown' };
    kernel.tell({ reset: true, header: {}, images: [{ ...part, data: encode('>'.repeat(5000)) }] });
    await until(() => place.querySelector('.cellrun-plain')?.textContent.length === 5000, 'it is there');
    await new Promise(resolve => setTimeout(resolve)); // a rejection is told after the promises' turn
    expect(refused).not.toHaveBeenCalled();
    removeEventListener('unhandledrejection', refused);
  });

  test.each(['light', 'dark'])('a browser puts no colour of its own behind a page: %s', async theme => {
    document.documentElement.dataset.theme = theme;
    const { place } = show('displayed');
    await until(() => place.querySelector('.cellrun-frame') !== null, 'it is there');
    // Chromium does where the scheme of a frame isn't that of the document in it, which has none.
    expect(getComputedStyle(find(place, '.cellrun-frame')).colorScheme).toBe('light');
  });

  test('a run that displayed something has no empty metrics', async () => {
    const { place } = show('displayed');
    await until(() => place.querySelector('.cellrun-frame') !== null, 'it is there');
    expect(find(place, '.cellrun').dataset.shows).toBe('all');
  });
});

test.each(['light', 'dark'] as const)('axe-core finds nothing serious: %s', async theme => {
  document.documentElement.dataset.theme = theme;
  document.body.style.background = theme === 'dark' ? '#111' : '#fff';
  const { place } = show('displayed', 1264, SERVER);
  await until(() => place.querySelectorAll('.cellrun-frame').length >= 3, 'pages are there');
  await new Promise(resolve => setTimeout(resolve, 300));
  const { violations } = await axe.run(place, { resultTypes: ['violations'] });
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(grave.map(({ id, nodes }) => [id, nodes.map(node => node.html)])).toEqual([]);
  await screenshot(`displayed-${theme}`, place);
  delete document.documentElement.dataset.theme;
});
