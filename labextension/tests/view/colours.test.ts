import { afterEach, describe, expect, test } from 'vitest';
import { find, show, until } from './setup';

type Colour = readonly [number, number, number];

// How colour-blind readers see linear RGB, at full strength: Machado, Oliveira and Fernandes 2009.
const SIGHTS: Readonly<Record<string, readonly Colour[]>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const times = (matrix: readonly Colour[], [a, b, c]: Colour): Colour =>
  matrix.map(([x, y, z]) => x * a + y * b + z * c) as unknown as Colour;

/** A CSS colour as linear RGB. */
function linear(colour: string): Colour {
  const channels = colour
    .match(/[\d.]+/g)!
    .slice(0, 3)
    .map(Number);
  return channels.map(channel => {
    const value = colour.startsWith('color(') ? channel : channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Colour;
}

const luminance = ([red, green, blue]: Colour): number => 0.2126 * red + 0.7152 * green + 0.0722 * blue;

function contrast(one: Colour, other: Colour): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Linear RGB as CIE L*a*b*. */
function lab(colour: Colour): Colour {
  const clipped = colour.map(channel => Math.min(1, Math.max(0, channel))) as unknown as Colour;
  const [x, y, z] = times(
    [
      [0.4124 / 0.9505, 0.3576 / 0.9505, 0.1805 / 0.9505],
      [0.2126, 0.7152, 0.0722],
      [0.0193 / 1.089, 0.1192 / 1.089, 0.9505 / 1.089],
    ],
    clipped,
  ).map(value => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116)) as unknown as Colour;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (one: Colour, other: Colour): number =>
  Math.hypot(...lab(one).map((value, i) => value - lab(other)[i]!));

async function colours(theme: string, names: readonly string[]): Promise<Map<string, Colour>> {
  document.documentElement.dataset.theme = theme;
  const { place } = show('running');
  const root = find(place, '.cellrun');
  await until(() => root.dataset.theme === theme, 'the theme is found');
  const probe = document.createElement('i');
  root.append(probe);
  return new Map(
    names.map(name => {
      probe.style.color = `var(--cellrun-${name})`;
      return [name, linear(getComputedStyle(probe).color)];
    }),
  );
}

const SERIES = [1, 2, 3, 4, 5, 6].map(i => `series-${i}`);
const TEXTS = ['text', 'muted', 'link', 'accent-text', 'error-text', 'success-text'];
const ANSI = Array.from({ length: 16 }, (_, i) => `ansi-${i}`);

afterEach(() => {
  document.body.removeAttribute('style');
});

describe.each(['light', 'dark'])('%s', theme => {
  test('lines stand out from the background, and from one another, for every reader', async () => {
    const found = await colours(theme, [...SERIES, 'background']);
    const background = found.get('background')!;
    for (const name of SERIES) expect(contrast(found.get(name)!, background), name).toBeGreaterThan(3);
    for (const [sight, matrix] of Object.entries(SIGHTS)) {
      for (const [i, one] of SERIES.entries()) {
        for (const other of SERIES.slice(i + 1)) {
          const seen = [one, other].map(name => times(matrix, found.get(name)!));
          expect(distance(seen[0]!, seen[1]!), `${one} and ${other}, ${sight}`).toBeGreaterThan(20);
        }
      }
    }
  });

  test("texts and the log's colours can be read", async () => {
    const found = await colours(theme, [...TEXTS, ...ANSI, 'background']);
    for (const name of [...TEXTS, ...ANSI]) {
      expect(contrast(found.get(name)!, found.get('background')!), name).toBeGreaterThan(4.5);
    }
  });
});

test("states can be read in Lab's own colours, which alone are too faint", async () => {
  for (const [name, value] of Object.entries({
    '--jp-layout-color1': 'white',
    '--jp-ui-font-color0': '#000',
    '--jp-brand-color1': '#1976d2',
    '--jp-error-color1': '#d32f2f',
    '--jp-success-color1': '#388e3c',
  })) {
    document.body.style.setProperty(name, value);
  }
  const found = await colours('light', ['success', ...TEXTS.slice(3), 'background']);
  const background = found.get('background')!;
  expect(contrast(found.get('success')!, background)).toBeLessThan(4.5);
  for (const name of TEXTS.slice(3))
    expect(contrast(found.get(name)!, background), name).toBeGreaterThan(4.5);
});
