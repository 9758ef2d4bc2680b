/** The lines of the list of runs, as data: experiments, runs and those below them, filtered and sorted. */

import type { Row } from '../server/openapi';
import { Families, withParents } from './families';
import type { Filter } from './filter';
import { Group } from './group';
import { comparer, type Order } from './order';
import { countOf, type Count } from './stage';

/** One line of the list: an experiment, or a run of it. `key` stays the same wherever the line moves. */
export type Line =
  { readonly kind: 'group'; readonly key: string; readonly group: Group; readonly isOpen: boolean } | RunLine;

/** A run in the list, `depth` steps below the one that stands below no other. */
export interface RunLine {
  readonly kind: 'run';
  readonly key: string;
  readonly row: Row;
  readonly group: Group;
  readonly depth: number;
  /** How many child runs are shown below it, or would be. */
  readonly children: number;
  readonly isOpen: boolean;
  /** Whether it doesn't fit the filter itself, and a run below it does. */
  readonly isUnmatched: boolean;
}

/** What is shown, and how. */
export interface Arrangement {
  readonly filter: Filter;
  readonly order: Order;
  readonly collapsed: ReadonlySet<string>;
  /** Runs that aren't as they are by themselves (`toggleKey`): open, or closed where only runs below them fit the filter. */
  readonly turned: ReadonlySet<string>;
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
    this.held ??= arranged(this.rows, this.arrangement);
    return this.held;
  }
}

interface Held {
  readonly lines: readonly Line[];
  readonly groups: readonly Group[];
  readonly places: ReadonlyMap<string, number>;
}

const newest = comparer('newest', null);

function arranged(rows: ReadonlyMap<string, Row>, arrangement: Arrangement): Held {
  const { filter, order, collapsed, metrics } = arrangement;
  const byExperiment = new Map<string, Row[]>();
  for (const row of [...rows.values()].filter(one => filter.matches(one)).sort(newest)) {
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
    const own = withParents(group.newest, rows);
    const isInOrder = order === 'newest' && own === group.newest;
    const families = new Families(isInOrder ? own : [...own].sort(comparer(order, group.metric)));
    const unmatched = own.slice(group.newest.length);
    add(lines, families, families.roots, {
      group,
      turned: arrangement.turned,
      unmatched: new Set(unmatched),
    });
  }
  return { lines, groups, places: new Map(lines.map((line, i) => [line.key, i])) };
}

/** Which runs aren't as they are by themselves, once a run is opened or closed. */
export function turned(before: ReadonlySet<string>, run: RunLine, isOpen: boolean): ReadonlySet<string> {
  const now = new Set(before);
  const key = toggleKey(run.key, run.isUnmatched);
  if (isOpen === run.isUnmatched) now.delete(key);
  else now.add(key);
  return now;
}

/** A run that stands there for those below it is open by itself, whether it is open or closed without a filter. */
function toggleKey(id: string, isUnmatched: boolean): string {
  return isUnmatched ? `/${id}` : id;
}

interface Below {
  readonly group: Group;
  readonly turned: ReadonlySet<string>;
  /** Runs that stand there for those below them. */
  readonly unmatched: ReadonlySet<Row>;
}

/** Add the lines of runs, and of those below them as far as these are open. */
function add(lines: Line[], families: Families, rows: readonly Row[], below: Below, depth = 0): void {
  const { group, turned, unmatched } = below;
  for (const row of rows) {
    const children = families.childrenOf(row.id);
    const isUnmatched = unmatched.has(row);
    const isOpen = children.length > 0 && turned.has(toggleKey(row.id, isUnmatched)) !== isUnmatched;
    const { length } = children;
    lines.push({ kind: 'run', key: row.id, row, group, depth, children: length, isOpen, isUnmatched });
    if (isOpen) add(lines, families, children, below, depth + 1);
  }
}

/** A group's key: no run's id has a slash. */
function groupKey(experiment: string): string {
  return `/${experiment}`;
}
