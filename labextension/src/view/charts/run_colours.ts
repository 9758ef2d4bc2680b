/** The colours of runs: the same run has the same one wherever it is shown. Its twin is `run_colours.py` of core/comparison/. */

import { PALETTE } from './curve';

/** What a run's colour comes from: its number in its experiment, so that neighbours differ. */
export interface Numbered {
  readonly number: number;
}

/** A colour's number (from 0) for each run that is shown beside the others: its own, or where that is taken the next free one. */
export function coloursOf(runs: readonly Numbered[]): number[] {
  const taken = new Set<number>();
  return runs.map(({ number }) => {
    const own = (Math.max(1, number) - 1) % PALETTE;
    const places = [...Array(PALETTE).keys()].map(step => (own + step) % PALETTE);
    let colour = places.find(place => !taken.has(place)) ?? PALETTE;
    while (taken.has(colour)) colour++;
    taken.add(colour);
    return colour;
  });
}
