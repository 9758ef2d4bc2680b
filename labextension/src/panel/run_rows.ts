import type { Row } from '../server/types';
import type { Filter } from './filter';
import { Group } from './group';
import { comparer, type Order } from './order';
import { countOf, type Count } from './stage';

/** One line of the list: an experiment, or a run of it. `key` stays the same wherever the line moves. */
export type Line =
  | { readonly kind: 'group'; readonly key: string; readonly group: Group; readonly isOpen: boolean }
  | { readonly kind: 'run'; readonly key: string; readonly row: Row; readonly group: Group };

/** What is shown, and how. */
export interface Arrangement {
  readonly filter: Filter;
  readonly order: Order;
  readonly collapsed: ReadonlySet<string>;
  /** The chosen metric, by experiment. */
  readonly metrics: ReadonlyMap<string, string>;
}

/**
 * Runs by id, arranged in lines: filtered, grouped by experiment, sorted.
 *
 * The lines are made when they are asked for, at most once for however many changes.
 */
export class RunRows {
  private readonly rows = new Map<string, Row>();
  private held: Held | null = null;

  constructor(private arrangement: Arrangement) {}

  get size(): number {
    return this.rows.size;
  }

  get lines(): readonly Line[] {
    return this.now.lines;
  }

  get groups(): readonly Group[] {
    return this.now.groups;
  }

  /** How many runs fit the filter, in closed groups too. */
  get shown(): number {
    return this.groups.reduce((sum, group) => sum + group.newest.length, 0);
  }

  get(id: string): Row | undefined {
    return this.rows.get(id);
  }

  /** Where a line stands; -1 if it doesn't. */
  indexOf(key: string | null): number {
    return key === null ? -1 : (this.now.places.get(key) ?? -1);
  }

  /** How many runs go on or ended in which way, whatever the filter shows: each is counted once. */
  count(): Readonly<Record<Count, number>> {
    const counts = { running: 0, queued: 0, completed: 0, failed: 0, canceled: 0, damaged: 0 };
    for (const { status } of this.rows.values()) counts[countOf(status)]++;
    return counts;
  }

  put(rows: readonly Row[]): void {
    for (const row of rows) this.rows.set(row.id, row);
    this.held = null;
  }

  remove(ids: Iterable<string>): void {
    for (const id of ids) this.rows.delete(id);
    this.held = null;
  }

  /** Forget all but these. */
  keep(ids: ReadonlySet<string>): void {
    this.remove([...this.rows.keys()].filter(id => !ids.has(id)));
  }

  clear(): void {
    this.rows.clear();
    this.held = null;
  }

  arrange(arrangement: Arrangement): void {
    this.arrangement = arrangement;
    this.held = null;
  }

  private get now(): Held {
    this.held ??= arranged([...this.rows.values()], this.arrangement);
    return this.held;
  }
}

interface Held {
  readonly lines: readonly Line[];
  readonly groups: readonly Group[];
  readonly places: ReadonlyMap<string, number>;
}

const newest = comparer('newest', null);

function arranged(rows: Row[], { filter, order, collapsed, metrics }: Arrangement): Held {
  const byExperiment = new Map<string, Row[]>();
  for (const row of rows.filter(one => filter.matches(one)).sort(newest)) {
    const group = byExperiment.get(row.experiment);
    if (group) group.push(row);
    else byExperiment.set(row.experiment, [row]);
  }
  const groups = [...byExperiment].map(([name, own]) => new Group(name, own, metrics.get(name) ?? null));
  if (order === 'name') groups.sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines: Line[] = [];
  for (const group of groups) {
    const isOpen = !collapsed.has(group.name);
    lines.push({ kind: 'group', key: groupKey(group.name), group, isOpen });
    if (!isOpen) continue;
    const own = order === 'newest' ? group.newest : [...group.newest].sort(comparer(order, group.metric));
    for (const row of own) lines.push({ kind: 'run', key: row.id, row, group });
  }
  return { lines, groups, places: new Map(lines.map((line, i) => [line.key, i])) };
}

/** A group's key: no run's id has a slash. */
function groupKey(experiment: string): string {
  return `/${experiment}`;
}
