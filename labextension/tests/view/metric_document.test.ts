import { describe, expect, test } from 'vitest';
import { DOCUMENT_MIME } from '../../src/view/metric_document';
import { find, show, text, texts, until } from './setup';

const encode = (content: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(content));

/** A view of one logged document. */
async function shown(schema: string, data: unknown): Promise<HTMLElement> {
  const { place, kernel } = show();
  const content = encode({ schema_type: schema, schema_version: 'v1', data });
  kernel.tell({
    reset: true,
    header: {},
    images: [{ name: 'm', path: 'm', mime: DOCUMENT_MIME, data: content }],
  });
  await until(() => place.querySelector('.cellrun-image table, .cellrun-image pre') !== null, 'it is there');
  return find(place, '.cellrun-image');
}

const square = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_x, j) => (i === j ? 9 : i === 3 && j === 5 ? 7 : 0)),
  );

describe('a logged document', () => {
  test('a confusion matrix is a table of its numbers, shaded by their share of the true class', async () => {
    const card = await shown('confusion_matrix', {
      class_labels: ['cat', '<b>dog'],
      matrix: [
        [3, 1],
        [0, 4],
      ],
    });
    expect(texts(card, 'tbody td')).toEqual(['3', '1', '0', '4']);
    expect(texts(card, 'tbody th')).toEqual(['cat', '<b>dog']);
    const cells = [...card.querySelectorAll<HTMLElement>('tbody td')];
    expect(cells.map(cell => cell.style.getPropertyValue('--share'))).toEqual(['0.75', '0.25', '0', '1']);
    expect(new Set(cells.map(cell => getComputedStyle(cell).backgroundColor)).size).toBe(4);
    expect(cells[1]?.title).toBe('cat taken for <b>dog: 1');
    expect(text(card, 'p.cellrun-muted:not([hidden])')).toBe('7 of 8 on the diagonal, 87.5 %');
  });

  test("classes' names that are long lose their middle, and nothing of what is left is cut", async () => {
    const labels = ['cat', 'a very long name of class 1', 'a very long name of class 2'];
    const card = await shown('confusion_matrix', { class_labels: labels, matrix: square(3) });
    const said = ['cat', 'a very lo… class 1', 'a very lo… class 2'];
    expect(texts(card, 'tbody th')).toEqual(said);
    expect(texts(card, 'thead th')).toEqual(said);
    for (const place of card.querySelectorAll<HTMLElement>('thead th span, tbody th')) {
      expect(place.scrollWidth).toBeLessThanOrEqual(place.clientWidth);
      expect(place.scrollHeight).toBeLessThanOrEqual(place.clientHeight);
    }
    expect([...card.querySelectorAll<HTMLElement>('tbody th')].map(head => head.title)).toEqual(labels);
  });

  test('of a hundred classes it is a picture that says what lies under the pointer, and names what is confused', async () => {
    const card = await shown('confusion_matrix', { matrix: square(100) });
    const canvas = find(card, 'canvas') as HTMLCanvasElement;
    expect([canvas.width, canvas.height]).toEqual([100, 100]);
    expect(canvas.getAttribute('aria-label')).toContain('900 of 907 on the diagonal');
    expect(texts(card, 'tbody td')).toEqual(['3', '5', '7']);
    await until(() => alpha(canvas, 4, 4) === 255, 'it is drawn');
    expect(alpha(canvas, 0, 1)).toBe(0);
    expect(alpha(canvas, 5, 3)).toBeGreaterThan(100);
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const at = { clientX: left + 0.0551 * width * 1, clientY: top + 0.0351 * height };
    canvas.dispatchEvent(new PointerEvent('pointermove', at));
    expect(text(card, '.cellrun-confusion p')).toBe('3 taken for 5: 7');
    canvas.dispatchEvent(new PointerEvent('pointerleave'));
    expect(text(card, '.cellrun-confusion p')).toContain('on the diagonal');
  });

  test('of others the lists are columns, and more rows come at a wish', async () => {
    const counts = Array.from({ length: 50 }, (_, i) => i);
    const card = await shown('residuals', { bin_edges: [...counts, 50], bin_counts: counts });
    expect(texts(card, 'th')).toEqual(['from', 'to', 'bin_counts']);
    expect(card.querySelectorAll('tbody tr')).toHaveLength(20);
    find(card, '.cellrun-more').click();
    expect(card.querySelectorAll('tbody tr')).toHaveLength(50);
    expect(find(card, '.cellrun-more').hidden).toBe(true);
  });

  test('what is not as its schema says is its JSON', async () => {
    const card = await shown('confusion_matrix', { matrix: 'no' });
    expect(text(card, 'pre')).toContain('"matrix":"no"');
  });
});

function alpha(canvas: HTMLCanvasElement, x: number, y: number): number {
  return canvas.getContext('2d')?.getImageData(x, y, 1, 1).data[3] ?? 0;
}
