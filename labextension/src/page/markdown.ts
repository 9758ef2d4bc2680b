import katex from 'katex';
import { Marked, type TokenizerAndRendererExtension, type Tokens } from 'marked';

/**
 * A text in Markdown as HTML, its mathematics as MathML. Loaded when a text is shown.
 *
 * Whatever HTML stands in it comes through: the place for it is a frame (`view/frame.ts`).
 */
export function markdownPage(text: string): string {
  return new Marked({ extensions: [displayed, inline], async: false }).parse(text) as string;
}

/** A formula in LaTeX as HTML: as IPython displays it, with its dollars. */
export function latexPage(text: string): string {
  const inner = /^\s*(?:\$\$|\\\[)([^]*?)(?:\$\$|\\\])\s*$/.exec(text) ?? /^\s*\$([^$]*)\$\s*$/.exec(text);
  return inner ? formula(inner[1] ?? '', true) : markdownPage(text);
}

const displayed: TokenizerAndRendererExtension = {
  name: 'displayed',
  level: 'block',
  start: source => source.indexOf('$$'),
  tokenizer: source => token('displayed', /^\$\$([^]+?)\$\$(?:\n|$)/.exec(source)),
  renderer: ({ text }) => `<p>${formula(text as string, true)}</p>`,
};

const inline: TokenizerAndRendererExtension = {
  name: 'formula',
  level: 'inline',
  start: source => source.indexOf('$'),
  // A dollar beside a blank, or before a digit, is money.
  tokenizer: source =>
    token('formula', /^\$\$?((?:[^$\s\\]|\\[^])(?:[^$]*[^$\s])??)\$\$?(?!\d)/.exec(source)),
  renderer: ({ text }) => formula(text as string, false),
};

function token(type: string, found: RegExpExecArray | null): Tokens.Generic | undefined {
  return found ? { type, raw: found[0], text: found[1] ?? '' } : undefined;
}

function formula(tex: string, displayMode: boolean): string {
  return katex.renderToString(tex, { output: 'mathml', displayMode, throwOnError: false });
}
