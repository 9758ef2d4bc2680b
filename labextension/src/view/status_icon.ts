import type { Status } from '../data/protocol';
import { svg } from './dom';

/** The state of a run as a shape, so that it can be told without colours. */
type Shape = 'disc' | 'ring' | 'half' | 'check' | 'cross' | 'dash';

const SHAPES: Readonly<Record<Status, Shape>> = {
  NotStarted: 'ring',
  Preparing: 'ring',
  Queued: 'ring',
  Starting: 'ring',
  Running: 'disc',
  Finalizing: 'disc',
  CancelRequested: 'half',
  NotResponding: 'half',
  Completed: 'check',
  Failed: 'cross',
  Canceled: 'dash',
  Damaged: 'cross',
};

const STROKE = { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.75, 'stroke-linecap': 'round' };

/** A 12 px picture of a status, in the colour of the text beside it. */
export function statusIcon(status: Status): SVGSVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 12 12', width: 12, height: 12, 'aria-hidden': 'true' },
    draw(SHAPES[status]),
  );
}

function draw(shape: Shape): SVGElement {
  switch (shape) {
    case 'disc':
      return svg('circle', { cx: 6, cy: 6, r: 5, fill: 'currentColor' });
    case 'ring':
      return svg('circle', { ...STROKE, cx: 6, cy: 6, r: 4.25 });
    case 'half':
      return svg(
        'g',
        {},
        svg('circle', { ...STROKE, cx: 6, cy: 6, r: 4.25 }),
        svg('path', { d: 'M6 2a4 4 0 0 1 0 8z', fill: 'currentColor' }),
      );
    case 'check':
      return svg('path', { ...STROKE, d: 'M1.8 6.6 4.8 9.6 10.2 2.8' });
    case 'cross':
      return svg('path', { ...STROKE, d: 'M2.2 2.2 9.8 9.8 M9.8 2.2 2.2 9.8' });
    case 'dash':
      return svg('path', { ...STROKE, d: 'M2 6 H10' });
  }
}
