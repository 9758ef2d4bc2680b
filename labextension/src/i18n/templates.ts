import { fill } from './fill';
import { addJapanese, type Translate } from './translate';

/** A text with gaps: `names` are those between its `parts`. */
interface Template {
  readonly english: string;
  readonly parts: readonly string[];
  readonly names: readonly string[];
}

/** Between the items of a list, which may be a part of one text. */
const COMMA = ', ';
/** A longer text is somebody's own. */
const LONGEST = 4_000;

/**
 * Texts that Python fills in, recognized by their templates.
 *
 * In one, `{n}` and `{m}` stand for numbers, `{what}` for a text that is one of these too, `{why}` for one or for
 * anybody's words, `{status}` for a status, any other name for anybody's words, which stay as they are.
 */
export class Templates {
  private readonly keys: ReadonlySet<string>;
  /** What stands between texts that were joined to one. */
  private readonly joints: readonly string[];
  /** The one that says most by itself is tried first. */
  private readonly templates: readonly Template[];

  /** `catalogue`: templates, with their Japanese. */
  constructor(catalogue: Readonly<Record<string, string>>) {
    addJapanese(catalogue);
    const keys = Object.keys(catalogue);
    this.keys = new Set(keys);
    this.joints = keys.filter(key => !/\w/.test(key) && key !== COMMA);
    this.templates = keys
      .filter(key => key.includes('{'))
      .map(templateOf)
      .sort((one, other) => size(other) - size(one));
  }

  /** A text in the language that `translate` knows; one that isn't known stays as it is. */
  said(text: string, translate: Translate): string {
    return (text.length <= LONGEST ? this.translation(text, translate) : null) ?? text;
  }

  /** A text's translation; null for one that isn't known. */
  private translation(text: string, translate: Translate): string | null {
    if (this.keys.has(text)) return translate(text);
    for (const joint of this.joints) {
      const joined = this.joined(text, joint, translate);
      if (joined !== null) return joined;
    }
    for (const template of this.templates) {
      const filled = this.filledIn(text, template, translate);
      if (filled) return fill(translate(template.english), filled);
    }
    return this.joined(text, COMMA, translate);
  }

  /** The translation of a text that was joined of texts; null if it wasn't, or not all of them are known. */
  private joined(text: string, joint: string, translate: Translate): string | null {
    const [first = '', ...rest] = text.split(joint);
    let joined = rest.length > 0 ? this.translation(first, translate) : null;
    for (const part of rest) {
      const next = joined === null ? null : this.translation(part, translate);
      joined = joined === null || next === null ? null : joined + translate(joint) + next;
    }
    return joined;
  }

  /** What fills a template's gaps in a text, translated; null if the text isn't made of it. */
  private filledIn(
    text: string,
    { parts, names }: Template,
    translate: Translate,
  ): Record<string, string> | null {
    const [first = '', ...rest] = parts;
    if (!text.startsWith(first)) return null;
    let at = first.length;
    const found: Record<string, string> = {};
    for (const [i, name] of names.entries()) {
      const part = rest[i] ?? '';
      const isLast = i === names.length - 1;
      const end = isLast ? text.length - part.length : text.indexOf(part, at);
      if (end < at || !text.startsWith(part, end)) return null;
      const value = this.inGap(name, text.slice(at, end), translate);
      if (value === null) return null;
      found[name] = value;
      at = end + part.length;
    }
    return found;
  }

  private inGap(name: string, value: string, translate: Translate): string | null {
    if (name === 'n' || name === 'm') return /^[\d.,]+$/.test(value) ? value : null;
    if (name === 'status') return translate(value);
    if (name === 'what') return this.translation(value, translate);
    return name === 'why' ? this.said(value, translate) : value;
  }
}

function templateOf(english: string): Template {
  const split = english.split(/\{(\w+)\}/);
  return {
    english,
    parts: split.filter((_, i) => i % 2 === 0),
    names: split.filter((_, i) => i % 2 === 1),
  };
}

function size({ parts }: Template): number {
  return parts.join('').length;
}
