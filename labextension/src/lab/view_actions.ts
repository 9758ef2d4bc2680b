import type { RunActions } from '../actions/run_actions';
import { shownBy } from '../output/shown_by';
import type { Api, RunKey } from '../server/api';
import type { ViewActions } from '../view/actions';

/** What JupyterLab can do for the view of a run below a cell. */
export function viewActions(actions: RunActions, api: Api, key: RunKey): ViewActions {
  const { places } = actions;
  return {
    ...(places.open ? { open: () => places.open?.(key), openTab: tab => places.open?.(key, tab) } : {}),
    again: async () => {
      await actions.againByKey(key);
    },
    countOutputs: async () => (await api.files(key, 'outputs')).files.length,
    ...shownBy(api, key),
    logUrl: rank => api.logUrl(key, rank),
  };
}
