import type { RunKey } from '../server/api';
import type { PageTab } from '../view/actions';

const TABS: readonly string[] = [
  'metrics',
  'log',
  'children',
  'details',
  'outputs',
  'code',
] satisfies PageTab[];

/** The addresses of the portal's pages, below a server's base URL (with a slash at its end). */
export class Addresses {
  constructor(readonly baseUrl: string) {}

  /** The list of runs. */
  get list(): string {
    return `${this.baseUrl}cellrun/`;
  }

  /** A run's page, at one of its tabs. */
  run({ workspace, run }: RunKey, tab?: PageTab): string {
    const place = tab === undefined || tab === 'metrics' ? '' : `#${tab}`;
    return `${this.inside(workspace)}/runs/${encodeURIComponent(run)}${place}`;
  }

  /** Runs side by side. */
  compare(workspace: string, runs: readonly string[]): string {
    const query = new URLSearchParams(runs.map(run => ['run', run]));
    return `${this.inside(workspace)}/compare?${query.toString()}`;
  }

  /** A workspace's targets. */
  targets(workspace: string): string {
    return `${this.inside(workspace)}/targets`;
  }

  private inside(workspace: string): string {
    return `${this.list}workspaces/${encodeURIComponent(workspace)}`;
  }
}

/** The tab that an address names (`#log`); the first where it names none. */
export function tabOf(hash: string): PageTab {
  const name = hash.slice(1);
  return TABS.includes(name) ? (name as PageTab) : 'metrics';
}
