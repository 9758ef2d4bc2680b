/** JSON text indented, also where it is cut short. */

/** What a JSON text is made of; whatever is none of it is taken letter by letter, so that a text cut short is too. */
const TOKEN = /"(?:[^"\\]|\\[^])*"?|[{}[\],:]|[^\s{}[\],:"]+/g;
const CLOSES: Readonly<Record<string, string>> = { '{': '}', '[': ']' };
const STEP = '  ';
/** What lies deeper stays in its line: a text of brackets alone would grow eightyfold. */
const DEEPEST = 40;
/** A list of numbers is one line up to here. */
const LINE = 80;

/** A JSON text, indented. Its numbers and texts stay as they are written: nothing is read and written anew. */
export function indented(json: string): string {
  const tokens = json.match(TOKEN) ?? [];
  let text = '';
  let depth = 0;
  const line = (): string => (depth > DEEPEST ? '' : `\n${STEP.repeat(depth)}`);
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? '';
    if (token in CLOSES) {
      const short = shortList(tokens, at);
      if (short) {
        text += short.text;
        at = short.end;
        continue;
      }
      depth++;
      text += token + line();
    } else if (token === '}' || token === ']') {
      depth = Math.max(0, depth - 1);
      text += line() + token;
    } else if (token === ',') text += token + line();
    else text += token === ':' ? ': ' : token;
  }
  return text;
}

/** What fits into a line: an empty object, a list of values that holds no other. */
function shortList(tokens: readonly string[], start: number): { text: string; end: number } | null {
  const closing = CLOSES[tokens[start] ?? ''] ?? '';
  if (tokens[start + 1] === closing) return { text: `${tokens[start]}${closing}`, end: start + 1 };
  if (closing !== ']') return null;
  let text = '[';
  for (let at = start + 1; at < tokens.length && text.length < LINE; at++) {
    const token = tokens[at] ?? '';
    if (token === ']') return { text: `${text}]`, end: at };
    if ('{}[:'.includes(token)) return null;
    text += token === ',' ? ', ' : token;
  }
  return null;
}
