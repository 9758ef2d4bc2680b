import type { Row } from '../server/openapi';

type Tags = Row['tags'];

/** Tags as one line that can be edited: `best, dataset=digits`. A comma or a backslash within is written `\,`, `\\`. */
export function tagsToLine(tags: Tags): string {
  return Object.entries(tags)
    .map(([name, value]) => (value === null ? escaped(name) : `${escaped(name)}=${escaped(value)}`))
    .join(', ');
}

/** Read what `tagsToLine` wrote, and what people write. A tag without `=` has no value. */
export function tagsFromLine(line: string): Map<string, string | null> {
  const tags = new Map<string, string | null>();
  for (const part of line.match(/(?:\\.|[^,\\])+/gsu) ?? []) {
    const [, name = '', value] = /^((?:\\.|[^=\\])*)(?:=(.*))?$/su.exec(part) ?? [];
    const key = unescaped(name);
    if (key !== '') tags.set(key, value === undefined ? null : unescaped(value));
  }
  return tags;
}

/** What has to be changed for these tags to become those. */
export function tagChange(
  before: Tags,
  after: ReadonlyMap<string, string | null>,
): { tags: Record<string, string | null>; remove_tags: string[] } {
  const held = new Map(Object.entries(before));
  return {
    tags: Object.fromEntries([...after].filter(([name, value]) => held.get(name) !== value)),
    remove_tags: [...held.keys()].filter(name => !after.has(name)),
  };
}

function escaped(text: string): string {
  return text.replace(/[\\,=]/gu, '\\$&');
}

function unescaped(text: string): string {
  return text.trim().replace(/\\(.)/gsu, '$1');
}
