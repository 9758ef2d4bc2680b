import type { Api } from '../server/api';

/** The id of the workspace of the latest run; '' without any. */
export async function latestWorkspace(api: Api): Promise<string> {
  const [last] = [...(await api.workspaces())].sort((a, b) => (b.latest_at ?? 0) - (a.latest_at ?? 0));
  return last?.id ?? '';
}
