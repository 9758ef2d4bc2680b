import { LabIcon } from '@jupyterlab/ui-components';

/** Runs in a list: a state before each line. Its colour follows the theme by JupyterLab's own class. */
export const runsIcon = new LabIcon({
  name: 'cellrun:runs',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <circle cx="5.5" cy="6" r="2.5"/>
    <path d="M10 5h11v2H10zM10 11h11v2H10zM10 17h11v2H10z"/>
    <path d="M5.5 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zm0 1.5a1 1 0 1 1 0 2 1 1 0 0 1 0-2z"/>
    <path d="M2.3 18.2l1.1-1.1 1.4 1.4 2.9-3 1.1 1-4 4.2z"/>
  </g>
</svg>`,
});
