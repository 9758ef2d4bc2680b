// Twins of `core/cellrun/core/likely_secrets.py`; tests/data/masked.json holds them together.
const MAGIC = /^[ \t]*%%?submit\b.*/gm;
const VARIABLE = /(--env(?:=|[ \t]+))((?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+)/g;

/** A cell's text as a run keeps it: without the values that its magic gives to environment variables. */
export function masked(source: string): string {
  return source.replace(MAGIC, line => line.replace(VARIABLE, withoutValue));
}

function withoutValue(found: string, option: string, given: string): string {
  const end = given.indexOf('=');
  return end < 0 ? found : `${option}${given.slice(0, end).replace(/^['"]+/, '')}=***`;
}
