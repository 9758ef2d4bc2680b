import katex from 'katex';
import {
  Lexer,
  Marked,
  type MarkedOptions,
  type Token,
  type TokenizerAndRendererExtension,
  type Tokens,
} from 'marked';

/** So long a text's structure, emphasis and formulas are looked for; what is left stays as it is written. */
const PATIENCE_MS = 2000;
/** A longer paragraph stays as it is written: where emphasis begins and never ends, marked looks from each place to its end. */
const LONGEST = 8000;

/**
 * A text in Markdown as HTML, its mathematics as MathML. Loaded when a text is shown.
 *
 * Whatever HTML stands in it comes through: the place for it is a frame (`view/frame.ts`). The page around waits meanwhile,
 * and a text may be made to take hours.
 */
export function markdownPage(text: string): string {
  const until = performance.now() + PATIENCE_MS;
  const isLate = (): boolean => performance.now() > until;
  const provideLexer = (): typeof Lexer.lex => (source, options) =>
    new PatientLexer(isLate, options as MarkedOptions | undefined).lex(source);
  const marked = new Marked({ extensions: formulas(isLate), hooks: { provideLexer }, async: false });
  try {
    return marked.parse(text) as string;
  } catch (error) {
    if (error instanceof TooLate) return `<pre>${escaped(text)}</pre>`;
    throw error;
  }
}

/** A formula in LaTeX as HTML: as IPython displays it, with its dollars. */
export function latexPage(text: string): string {
  const inner = /^\s*(?:\$\$|\\\[)([^]*?)(?:\$\$|\\\])\s*$/.exec(text) ?? /^\s*\$([^$]*)\$\s*$/.exec(text);
  return inner ? formula(inner[1] ?? '', true) : markdownPage(text);
}

class TooLate extends Error {}

/** Leaves paragraphs as they are written that are too long, or come too late. */
class PatientLexer extends Lexer {
  constructor(
    private readonly isLate: () => boolean,
    options?: MarkedOptions,
  ) {
    super(options);
  }

  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    if (source.length <= LONGEST && !this.isLate()) return super.inlineTokens(source, tokens);
    tokens.push({ type: 'text', raw: source, text: source, escaped: false });
    return tokens;
  }
}

/** Formulas in Markdown. To look for one is part of each step through a text's structure: where it is too late, that ends. */
function formulas(isLate: () => boolean): TokenizerAndRendererExtension[] {
  const drawn = ({ raw, text }: Tokens.Generic, isDisplayed: boolean): string =>
    isLate() ? escaped(raw) : formula(text as string, isDisplayed);
  return [
    {
      name: 'displayed',
      level: 'block',
      start: source => {
        if (isLate()) throw new TooLate();
        return source.indexOf('$$');
      },
      tokenizer: source => token('displayed', /^\$\$((?:[^$]|\$(?!\$))+)\$\$(?:\n|$)/.exec(source)),
      renderer: found => `<p>${drawn(found, true)}</p>`,
    },
    {
      name: 'formula',
      level: 'inline',
      start: source => source.indexOf('$'),
      // A dollar beside a blank, or before a digit, is money.
      tokenizer: source =>
        token('formula', /^\$\$?((?:[^$\s\\]|\\[^])(?:[^$]*[^$\s])??)\$\$?(?!\d)/.exec(source)),
      renderer: found => drawn(found, false),
    },
  ];
}

function token(type: string, found: RegExpExecArray | null): Tokens.Generic | undefined {
  return found ? { type, raw: found[0], text: found[1] ?? '' } : undefined;
}

function formula(tex: string, displayMode: boolean): string {
  return katex.renderToString(tex, { output: 'mathml', displayMode, throwOnError: false });
}

function escaped(text: string): string {
  return text.replace(/[&<]/g, sign => (sign === '&' ? '&amp;' : '&lt;'));
}
