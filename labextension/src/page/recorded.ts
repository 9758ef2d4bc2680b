/** What was recorded of a run, read with care: another version may have written it. */
export type Recorded = Readonly<Record<string, unknown>>;

/** A part that has names of its own; empty where there is none. */
export function part(of: Recorded | null, name: string): Recorded {
  const value = of?.[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Recorded) : {};
}

/** A list's parts. */
export function parts(of: Recorded | null, name: string): readonly Recorded[] {
  const value = of?.[name];
  return Array.isArray(value)
    ? value.filter((one): one is Recorded => typeof one === 'object' && one !== null)
    : [];
}

/** A text, or a number as a text; empty where there is neither. */
export function textOf(of: Recorded | null, name: string): string {
  const value = of?.[name];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** A number; null where there is none. */
export function numberOf(of: Recorded | null, name: string): number | null {
  const value = of?.[name];
  return typeof value === 'number' ? value : null;
}

/** A list's texts. */
export function textsOf(of: Recorded | null, name: string): readonly string[] {
  const value = of?.[name];
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : [];
}
