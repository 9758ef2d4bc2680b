"""The colours of runs in figures: the same run has the one that it has in the front end.

Its twin is `run_colours.ts` of the front end; both are tested on `tests/data/run_colours.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, count

COLOURS = ("#4b65c3", "#d87806", "#1c9a6f", "#ce73b3", "#9741f6", "#957235")
"""The view's six, in shades that stand out from a light page and from a dark one, for colour-blind readers too."""
DASHES = ("solid", "dash", "dot", "dashdot")
"""Lines beyond the six colours are told apart by these."""


def run_colours(numbers: Sequence[int]) -> list[int]:
    """Return a colour's number (from 0) for each of several runs: its own, or where that is taken the next free one.

    `numbers` are the runs' own, within their experiments: neighbours differ. Beyond the six colours there are as many
    with the next dash, and so on.
    """
    taken: list[int] = []
    for number in numbers:
        own = (max(1, number) - 1) % len(COLOURS)
        places = [(own + step) % len(COLOURS) for step in range(len(COLOURS))]
        taken.append(next(colour for colour in chain(places, count(len(COLOURS))) if colour not in taken))
    return taken
