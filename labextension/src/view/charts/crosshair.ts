/** The crosshair that charts over the same x share. */

/** Someone who shows where the reader points. */
export type Pointed = (x: number | null) => void;

/** Charts over the same x show the same place: what the reader points at in one is marked in all. */
export class Crosshair {
  private readonly groups = new Map<string, Set<Pointed>>();

  /** Take part in the group of charts over `x`. Returns how to leave it. */
  join(x: string, pointed: Pointed): () => void {
    const group = this.groups.get(x) ?? new Set();
    this.groups.set(x, group);
    group.add(pointed);
    return () => group.delete(pointed);
  }

  /** Point at a value of `x`, or nowhere. */
  point(x: string, value: number | null): void {
    for (const pointed of this.groups.get(x) ?? []) pointed(value);
  }
}
