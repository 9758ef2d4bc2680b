import { translated, type Translate } from '../i18n/translate';

/** What is said about the server, wherever that is. `{…}` is filled in by `fill`; between back quotes is code. */
export interface ServerWords {
  readonly unreachable: string;
  readonly denied: string;
  readonly deniedFirst: string;
  readonly missing: string;
  readonly blocked: string;
  readonly deleted: string;
  readonly versions: string;
  readonly olderServer: string;
  readonly newerOutput: string;
  readonly damagedOutput: string;
  readonly notHere: string;
  readonly noCellrunInKernel: string;
  readonly loading: string;
  readonly noPlotly: string;
  readonly figureProblem: string;
}

export const ENGLISH: ServerWords = {
  unreachable: 'Disconnected from the Jupyter server, retrying. What is shown may be old.',
  denied:
    'The Jupyter server asks for a login again. Log in, in another tab too; then this goes on by itself.',
  deniedFirst: 'The Jupyter server asks for a login: log in, then reload this page.',
  missing:
    "The Jupyter server runs without cellrun's extension. To enable it, run `jupyter server extension enable cellrun.server` in the environment of JupyterLab (`pip install cellrun` there first, if it isn't there), then restart JupyterLab.",
  blocked:
    'The Jupyter server answers, but its live stream does not come through, retrying. A proxy on the way has to pass websockets on.',
  deleted: 'The run was deleted. What is shown is the last that was heard of it.',
  versions:
    'This page has cellrun {page}, the Jupyter server {server}: restart JupyterLab, then reload this page, so that both have the version that is installed.',
  olderServer:
    "The Jupyter server's cellrun speaks protocol {server}, this page's {page}: restart JupyterLab, then reload this page.",
  newerOutput:
    'This output was made by a newer cellrun (format {output}, this page reads {page}): run `pip install --upgrade cellrun` in the environment of JupyterLab, then restart it.',
  damagedOutput: "This output doesn't name a run as cellrun writes it: run the cell again.",
  notHere:
    "The run {run} isn't in a workspace of this user on this server: it was deleted, or made elsewhere. To have it here, run the cell again.",
  noCellrunInKernel:
    'cellrun is installed for JupyterLab, but not in the environment of this kernel: run `%pip install cellrun` in a cell, then restart the kernel.',
  loading: 'Loading the run',
  noPlotly:
    "plotly can't be loaded from the Jupyter server, which draws this figure: run `pip install plotly` in its environment, then restart it.",
  figureProblem: "plotly can't draw this figure: {why}",
};

/** The texts in the language that `translate` knows. */
export function serverWords(translate: Translate): ServerWords {
  return translated(ENGLISH, translate);
}
