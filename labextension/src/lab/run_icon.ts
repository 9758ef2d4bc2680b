import { LabIcon } from '@jupyterlab/ui-components';
import type { Status } from '../data/protocol';
import { statusIcon } from '../view/status_icon';

const icons = new Map<Status, LabIcon>();

/** What colours a state, of JupyterLab's own variables; the shape says it too. */
const COLOURS: Partial<Readonly<Record<Status, string>>> = {
  Starting: 'var(--jp-brand-color1)',
  Running: 'var(--jp-brand-color1)',
  Finalizing: 'var(--jp-brand-color1)',
  Completed: 'var(--jp-success-color1)',
  Failed: 'var(--jp-error-color1)',
  Damaged: 'var(--jp-error-color1)',
};

/** A run's state as an icon of JupyterLab. */
export function runIcon(status: Status): LabIcon {
  const found = icons.get(status);
  if (found) return found;
  const svg = statusIcon(status);
  // JupyterLab draws icons 16 px wide; ours are 12, so that a tab's is as large as the one in its header.
  for (const side of ['width', 'height']) svg.setAttribute(side, '16');
  svg.setAttribute('viewBox', '-2 -2 16 16');
  svg.setAttribute('style', `color: ${COLOURS[status] ?? 'var(--jp-ui-font-color2)'}`);
  const svgstr = new XMLSerializer().serializeToString(svg);
  const icon = new LabIcon({ name: `cellrun:${status.toLowerCase()}`, svgstr });
  icons.set(status, icon);
  return icon;
}
