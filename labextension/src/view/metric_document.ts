/** A logged document (a confusion matrix and its kin) drawn as a table or a picture. */

import { documentContent, type Cell, type DocumentTable, type Heatmap } from '../data/document';
import type { Locale } from './locale';
import type { Displayed } from './displayed';
import { h, setText } from './dom';
import { plain } from './shown_figure';
import { fill } from './words';

/** Of a document in one of Azure ML's schemas: a confusion matrix and its kin. */
export const DOCUMENT_MIME = 'application/vnd.cellrun.metric.v1+json';

/** More classes than these are a picture: nobody reads a thousand numbers, but a pattern is seen. */
const MOST_CELLS_WRITTEN = 24;
const MOST_CONFUSED = 10;
/** A picture has so many dots a side; its classes are wider than a dot up to that many. */
const MOST_DOTS = 360;
const FINE = 120;
/** A longer class's name loses its middle: many differ in their ends alone. */
const LONGEST_LABEL = 18;
const LABEL_END = 8;
const FIRST_ROWS = 20;
const ROWS_AT_A_TIME = 200;

/** A logged document, as what its schema says it is; as its JSON where it isn't that. */
export function metricDocument(json: Uint8Array, locale: Locale): Displayed {
  const text = new TextDecoder().decode(json);
  const content = contentOf(text);
  if (content === null) return plain(h('pre', { class: 'cellrun-plain' }, text));
  if (content.kind === 'table') return plain(table(content, locale));
  return content.labels.length > MOST_CELLS_WRITTEN ? picture(content, locale) : plain(grid(content, locale));
}

function contentOf(text: string): ReturnType<typeof documentContent> {
  try {
    return documentContent(JSON.parse(text));
  } catch {
    return null; // no JSON, or nested deeper than a call goes
  }
}

/** Each number written, shaded by its share of its true class. */
function grid({ labels, rows }: Heatmap, { words, format }: Locale): HTMLElement {
  const longest = Math.max(...labels.map(label => label.length));
  const narrow = longest > (labels.length > 6 ? 3 : 12);
  const corner = h(
    'td',
    {},
    h('span', {}, `${words.trueClass} ↓`),
    ' ',
    h('span', {}, `${words.predictedClass} →`),
  );
  const heads = labels.map(label => h('th', { scope: 'col', title: label }, h('span', {}, short(label))));
  const lines = rows.map((row, i) => {
    const all = sum(row);
    const cells = row.map((value, j) =>
      h(
        'td',
        {
          style: `--share:${String(share(value, all))}`,
          title: told({ labels, i, j, value }, words.confusedPair, format.value(value)),
          data: { right: String(i === j) },
        },
        format.value(value),
      ),
    );
    return h('tr', {}, h('th', { scope: 'row', title: labels[i] ?? '' }, short(labels[i] ?? '')), ...cells);
  });
  const head = h('thead', {}, h('tr', {}, corner, ...heads));
  const drawn = h('table', { data: { narrow: String(narrow) } }, head, h('tbody', {}, ...lines));
  const region = { role: 'region', tabindex: 0, 'aria-label': words.confusionMatrix };
  const note = h('p', { class: 'cellrun-muted' }, summary(rows, words.rightOf, format));
  return h('div', {}, h('div', { class: 'cellrun-heatmap', ...region }, drawn), note);
}

function short(label: string): string {
  const letters = Array.from(label);
  if (letters.length <= LONGEST_LABEL) return label;
  const begin = letters.slice(0, LONGEST_LABEL - LABEL_END - 1).join('');
  return `${begin}…${letters.slice(-LABEL_END).join('')}`;
}

/** A dot for each number, and what is confused most in words. */
function picture({ labels, rows }: Heatmap, { words, format }: Locale): Displayed {
  const side = Math.min(labels.length, MOST_DOTS);
  const canvas = h('canvas', { role: 'img', width: side, height: side });
  canvas.dataset.fine = String(labels.length > FINE);
  const said = summary(rows, words.rightOf, format);
  canvas.setAttribute('aria-label', `${words.confusionMatrix}, ${format.count(labels.length)}². ${said}`);
  const note = h('p', { class: 'cellrun-muted cellrun-numbers' }, said);
  const element = h(
    'div',
    { class: 'cellrun-confusion' },
    h('div', {}, canvas, note),
    confused({ kind: 'heatmap', labels, rows }, words, format),
  );
  canvas.addEventListener('pointermove', event => {
    const box = canvas.getBoundingClientRect();
    const [i, j] = [
      Math.floor(((event.clientY - box.top) / box.height) * labels.length),
      Math.floor(((event.clientX - box.left) / box.width) * labels.length),
    ];
    const value = rows[i]?.[j];
    if (value !== undefined)
      setText(note, told({ labels, i, j, value }, words.confusedPair, format.value(value)));
  });
  canvas.addEventListener('pointerleave', () => setText(note, said));
  let colour = '';
  const paint = (): void => {
    const now = getComputedStyle(element).getPropertyValue('--cellrun-accent') || '#1976d2';
    if (now === colour) return;
    colour = now;
    dots(canvas, rows, now);
  };
  // Only in the page it has colours; a theme may change them.
  const observer = new ResizeObserver(paint);
  observer.observe(element);
  return {
    element,
    dispose: () => {
      observer.disconnect();
      element.remove();
    },
  };
}

function dots(canvas: HTMLCanvasElement, rows: Heatmap['rows'], colour: string): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const probe = h('canvas', { width: 1, height: 1 }).getContext('2d');
  if (!probe) return;
  probe.fillStyle = colour.trim();
  probe.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = probe.getImageData(0, 0, 1, 1).data;
  const side = canvas.width;
  const image = context.createImageData(side, side);
  rows.forEach((row, i) => {
    const all = sum(row);
    row.forEach((value, j) => {
      // A lone mistake among thousands must be seen too: small shares are drawn stronger than they are, and of
      // several that share a dot it shows the largest.
      const at = 4 * (place(i, rows.length, side) * side + place(j, rows.length, side));
      const strength = Math.round(255 * Math.sqrt(share(value, all)));
      if (strength > (image.data[at + 3] ?? 0)) image.data.set([red, green, blue, strength], at);
    });
  });
  context.putImageData(image, 0, 0);
}

function place(index: number, count: number, side: number): number {
  return Math.floor((index * side) / count);
}

/** What is taken for something else most often. */
function confused({ labels, rows }: Heatmap, words: Locale['words'], format: Locale['format']): HTMLElement {
  const pairs = rows
    .flatMap((row, i) => row.flatMap((value, j) => (i === j || value <= 0 ? [] : [{ i, j, value }])))
    .sort((one, other) => other.value - one.value)
    .slice(0, MOST_CONFUSED);
  const lines = pairs.map(({ i, j, value }) =>
    h(
      'tr',
      {},
      h('td', {}, labels[i] ?? ''),
      h('td', {}, labels[j] ?? ''),
      h('td', { data: { type: 'number' } }, format.value(value)),
    ),
  );
  const heads = [words.trueClass, words.predictedClass].map(name => h('th', { scope: 'col' }, name));
  const count = h('th', { scope: 'col', data: { type: 'number' } }, words.confusedCount);
  const caption = h('caption', {}, words.mostConfused);
  const head = h('thead', {}, h('tr', {}, ...heads, count));
  const region = { role: 'region', tabindex: 0, 'aria-label': words.mostConfused };
  return h(
    'div',
    { class: 'cellrun-table', ...region },
    h('table', {}, caption, head, h('tbody', {}, ...lines)),
  );
}

/** Rows as they are, the first ones first. */
function table({ columns, rows }: DocumentTable, { words, format }: Locale): HTMLElement {
  const types = columns.map((_, i) => (rows.some(row => typeof row[i] === 'number') ? 'number' : 'text'));
  const titles: Readonly<Record<string, string>> = words.documentColumns;
  const heads = columns.map((name, i) =>
    h('th', { scope: 'col', data: { type: types[i] ?? 'text' } }, titles[name] ?? name),
  );
  const body = h('tbody');
  const more = h('button', { type: 'button', class: 'cellrun-link cellrun-more' });
  const show = (count: number): void => {
    for (const row of rows.slice(body.rows.length, count))
      body.append(
        h(
          'tr',
          {},
          ...row.map((cell, i) => h('td', { data: { type: types[i] ?? 'text' } }, written(cell, format))),
        ),
      );
    const left = rows.length - body.rows.length;
    more.hidden = left === 0;
    setText(more, fill(words.showMore, { n: format.count(Math.min(left, ROWS_AT_A_TIME)) }));
  };
  more.addEventListener('click', () => show(body.rows.length + ROWS_AT_A_TIME));
  show(FIRST_ROWS);
  const region = { role: 'region', tabindex: 0, 'aria-label': words.metrics };
  const drawn = h('table', {}, h('thead', {}, h('tr', {}, ...heads)), body);
  return h('div', {}, h('div', { class: 'cellrun-table', ...region }, drawn), more);
}

function written(cell: Cell, format: Locale['format']): string {
  return typeof cell === 'number' ? format.number(cell) : format.value(cell);
}

interface Place {
  readonly labels: readonly string[];
  readonly i: number;
  readonly j: number;
  readonly value: number;
}

function told({ labels, i, j }: Place, text: string, value: string): string {
  return fill(text, { true: labels[i] ?? '', predicted: labels[j] ?? '', n: value });
}

function summary(rows: Heatmap['rows'], text: string, format: Locale['format']): string {
  const all = sum(rows.map(sum));
  const right = sum(rows.map((row, i) => row[i] ?? 0));
  const percent = all > 0 ? String(Math.round((1000 * right) / all) / 10) : '–';
  return fill(text, { right: format.value(right), all: format.value(all), percent });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A number's share of its true class, between 0 and 1. */
function share(value: number, all: number): number {
  return all > 0 ? Math.min(1, Math.max(0, value / all)) : 0;
}
