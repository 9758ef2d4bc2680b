import { describe, expect, test } from 'vitest';
import { figureFrame } from '../../src/page/figure_frame';
import { said, type ShownFigure } from '../../src/view/shown_figure';
import { find, show, text, until } from './setup';

const LOGGED = { name: 'figure', path: 'figure_1.plotly.json', mime: 'application/vnd.plotly.v1+json' };

function logged(figure: unknown, fullFigure?: () => ShownFigure): HTMLElement {
  const { place, kernel } = show(undefined, 800, { fullFigure });
  const data = new TextEncoder().encode(typeof figure === 'string' ? figure : JSON.stringify(figure));
  kernel.tell({ reset: true, header: {}, images: [{ ...LOGGED, data }] });
  return place;
}

test("lines, bars and pies are drawn by the view's own plotly, over the whole width", async () => {
  const data = [
    { type: 'bar', y: [1, 2] },
    { y: { dtype: 'f8', bdata: btoa(String.fromCharCode(...new Uint8Array(Float64Array.of(2, 1).buffer))) } },
  ];
  const text =
    'p < 0.05 <b>b</b><br><a href="https://example.org/">link</a> <span style="color:rgb(20, 40, 60)">grey</span>';
  const place = logged({ data, layout: { width: 3000, annotations: [{ text }] } });
  await until(() => place.querySelectorAll('.cellrun-image .bars .point').length === 2, 'the bars are drawn');
  expect(place.querySelectorAll('.cellrun-image .scatterlayer .js-line')).toHaveLength(1);
  const [card, plot] = [find(place, '.cellrun-image'), find(place, '.cellrun-image .svg-container')];
  expect(plot.clientWidth).toBeGreaterThan(card.clientWidth * 0.9);
  expect(plot.clientWidth).toBeLessThanOrEqual(card.clientWidth);
  expect(place.querySelector('.cellrun-image p')).toBeNull();
});

test('another kind is drawn by the whole plotly, where the place has it', async () => {
  const element = document.createElement('output');
  const place = logged({ data: [{ type: 'heatmap', z: [[1]] }] }, () => ({
    element,
    dispose: () => undefined,
  }));
  await until(() => place.querySelector('output') === element, 'it is asked for');
});

describe('what would fetch something is drawn in the frame alone, which has no network:', () => {
  const source = 'https://elsewhere.example/a.png';
  const styled = (style: string): object => ({
    annotations: [{ text: `<span style="${style}">text</span>` }],
  });
  test.each([
    ['a picture', { images: [{ source }] }],
    ['a picture of its template', { template: { layout: { images: [{ name: 'logo', source }] } } }],
    ['a button', { updatemenus: [{ buttons: [{ args: ['images', [{ source }]], method: 'relayout' }] }] }],
    ['a style', styled(`background:url(${source})`)],
    ['a style in parts', { ...styled('%{meta[0]}(x)'), meta: ['fill:url'] }],
    [
      'an attribute in parts',
      { title: { text: `<b %{meta[0]}%{meta[1]}(x)'>` }, meta: ['sty', "le='fill:url"] },
    ],
    ['a tag in parts', { title: { text: '%{meta[0]}b class="x">' }, meta: ['<'] }],
    ['a style with its signs written otherwise', styled(`background:\\75rl&#40;${source})`)],
  ])('%s', async (_, layout) => {
    const place = logged({ data: [{ y: [1, 2] }], layout }, () => said('in the frame'));
    await until(() => place.innerText.includes('in the frame'), 'it is asked for');
    expect(place.querySelector('.cellrun-image .js-line')).toBeNull();
  });
});

test('and elsewhere it is said where that is', async () => {
  const place = logged({ data: [{ type: 'heatmap', z: [[1]] }] });
  await until(() => place.innerText.includes('drawn in JupyterLab'), 'it is said');
});

test('what is no figure is said to be none', async () => {
  const place = logged('no JSON');
  await until(() => place.innerText.includes('SyntaxError'), 'it is said');
});

test.each([
  ['"drawn"', ''],
  ['"noPlotly"', 'pip install plotly'],
  ['{ problem: "no such trace" }', "plotly can't draw this figure: no such trace"],
])('the frame is handed the figure, and its answer %s is told', async (answer, told) => {
  const script = `addEventListener('message', ({ data }) => {
    document.title = 'asked';
    if (data.figure.data[0].type === 'heatmap') parent.postMessage(${answer}, '*');
  });
  parent.postMessage('ready', '*');`;
  const page = new Blob([`<script>${script}</script>`], { type: 'text/html' });
  const figureUrl = URL.createObjectURL(page);
  const heard: unknown[] = [];
  const hear = ({ data }: MessageEvent): void => void heard.push(data);
  addEventListener('message', hear);
  const shown = figureFrame({ data: [{ type: 'heatmap' }], layout: { height: 200 } }, { figureUrl });
  document.body.append(shown.element);
  await until(() => heard.length === 2, 'the frame has answered');
  expect(heard[0]).toBe('ready');
  if (told === '') expect(find(shown.element, 'iframe').getAttribute('sandbox')).toBe('allow-scripts');
  else expect(text(shown.element, 'p')).toContain(told);
  shown.dispose();
  expect(shown.element.isConnected).toBe(false);
  removeEventListener('message', hear);
  URL.revokeObjectURL(figureUrl);
});
