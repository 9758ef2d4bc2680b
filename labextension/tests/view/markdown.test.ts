import { afterEach, describe, expect, test, vi } from 'vitest';
import { markdownPage } from '../../src/view/markdown';

/** A clock that goes on by so many milliseconds each time that it is looked at. */
function hurry(step: number): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += step));
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('Markdown', () => {
  test('has its formulas, in a line and by themselves', () => {
    const page = markdownPage('Of $x$ and\n\n$$\ny\\text{ of $z$}\n$$\n\n*so*');
    expect(page.match(/<math/g)).toHaveLength(2);
    expect(page).toContain('<em>so</em>');
  });

  test('two formulas by themselves are two', () => {
    expect(markdownPage('$$x$$\n$$y$$\n').match(/<math/g)).toHaveLength(2);
  });

  test('a paragraph that is too long is shown as it is written, and what is around it as ever', () => {
    const page = markdownPage(`*a*\n\n${'*b <i>'.repeat(2000)}\n\n*c*`);
    expect(page.match(/<em>/g)).toHaveLength(2);
    expect(page.split('*b &lt;i&gt;')).toHaveLength(2001);
  });

  test('what takes too long is shown as it is written', () => {
    hurry(30);
    const page = markdownPage('*a <i> $x$*\n\n'.repeat(100));
    expect(page.split('*a &lt;i').length).toBeGreaterThan(20);
    expect(page.match(/<math/g)?.length ?? 0).toBeLessThan(80);
  });

  test('also where its structure takes too long', () => {
    hurry(1000);
    expect(markdownPage('$$a\n<b>&amp;'.repeat(100))).toBe(
      `<pre>${'$$a\n&lt;b>&amp;amp;'.repeat(100)}</pre>`,
    );
  });

  test('none that was made to take long holds up the page around', () => {
    for (const part of ['*a ', '_a**', '[a](', '$$a\n', '> ', '|a\n|-\n', '$x$ ']) {
      const began = Date.now();
      try {
        markdownPage(part.repeat(262_144 / part.length));
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError); // nested too deep: the text stays
      }
      expect(Date.now() - began).toBeLessThan(20_000); // minutes, without bounds
    }
  }, 200_000);
});
