import type { Row } from '../server/openapi';

/** A run that is further down stands below none: a chain of thousands would take minutes to arrange, and no room shows it. */
const DEEPEST = 50;

/** Runs with those that each has started: what stands below what. Of a run whose parent isn't among them, nothing. */
export class Families {
  /** Runs that stand below no other, in the order that was given. */
  readonly roots: readonly Row[];
  private readonly children = new Map<string, Row[]>();

  constructor(rows: readonly Row[]) {
    const byId = new Map(rows.map(row => [row.id, row]));
    this.roots = rows.filter(row => {
      const parent = parentOf(row, byId);
      if (!parent) return true;
      const siblings = this.children.get(parent.id);
      if (siblings) siblings.push(row);
      else this.children.set(parent.id, [row]);
      return false;
    });
  }

  /** The child runs of a run, in the order that was given. */
  childrenOf(id: string): readonly Row[] {
    return this.children.get(id) ?? [];
  }
}

/** Runs that fit, and those that they stand below. */
export function withParents(fitting: readonly Row[], all: ReadonlyMap<string, Row>): readonly Row[] {
  const shown = new Set(fitting.map(row => row.id));
  const added: Row[] = [];
  for (const row of fitting)
    for (let parent = parentOf(row, all); parent && !shown.has(parent.id); parent = parentOf(parent, all)) {
      shown.add(parent.id);
      added.push(parent);
    }
  return added.length === 0 ? fitting : [...fitting, ...added];
}

/** The run that a run stands below: its parent, if that is held and of the same experiment. */
function parentOf(row: Row, rows: ReadonlyMap<string, Row>): Row | undefined {
  const parent = row.parent === null ? undefined : rows.get(row.parent);
  return parent?.experiment === row.experiment && hasPlace(row, rows) ? parent : undefined;
}

/** Whether a run's parents end, and soon: they may lead back to it, or go on for ever, as damaged records say. */
function hasPlace(row: Row, rows: ReadonlyMap<string, Row>): boolean {
  let at: string | null = row.parent;
  for (let depth = 0; at !== null && depth < DEEPEST; depth++) at = rows.get(at)?.parent ?? null;
  return at === null;
}
