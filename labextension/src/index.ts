/** The JupyterLab extension: its plugins. */

import { badge } from './lab/badge';
import { compare } from './lab/compare';
import { panel } from './lab/panel';
import { provider } from './lab/provider';
import { renderer } from './lab/renderer';
import { runTab } from './lab/run_tab';
import { server } from './lab/server';
import { targets } from './lab/targets';

export default [server, provider, renderer, runTab, panel, compare, targets, badge];
