import type { Status } from '../data/protocol';
import { statusIcon } from '../view/status_icon';

/** Colours that are seen on light and dark tab bars alike: a favicon knows no theme. */
const COLOURS: Partial<Readonly<Record<Status, string>>> = {
  Starting: '#1976d2',
  Running: '#1976d2',
  Finalizing: '#1976d2',
  Completed: '#388e3c',
  Failed: '#e53935',
  Damaged: '#e53935',
};
const OTHERS = '#8a8a8a';

/** Show a run's state in the browser's tab. */
export function showInTab(status: Status): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel~=icon]');
  if (!link) return;
  const icon = statusIcon(status);
  icon.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  icon.setAttribute('color', COLOURS[status] ?? OTHERS);
  link.href = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(icon))}`;
}
