"""A tree-structured Parzen estimator, one parameter at a time.

After Bergstra et al., Algorithms for Hyper-Parameter Optimization (2011): values of good results are told from those of
the others by two densities; of several values drawn from the first, that is taken where it exceeds the other most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

from cellrun.core.sweep.space import Expression, draw, quantised

_AT_RANDOM = 5
"""Without so many results, values are drawn at random."""
_GOOD = 0.25
_CANDIDATES = 24
_TRIES = 20


def parzen_draw(expression: Expression, ranked: Sequence[Any], random: Random) -> Any:
    """Return a value for a parameter (choice, uniform or quniform); `ranked` are those tried, the best result first."""
    if len(ranked) < _AT_RANDOM:
        return draw(expression, random)
    name, arguments = expression
    good = max(1, math.ceil(_GOOD * len(ranked)))
    if name == "choice":
        return _drawn_option(arguments[0], ranked[:good], ranked[good:], random)
    bounds = (arguments[0], arguments[1])
    value = _drawn_number(bounds, ranked[:good], ranked[good:], random)
    return quantised(value, arguments[2]) if name == "quniform" else value


def _drawn_option(options: Sequence[Any], good: Sequence[Any], others: Sequence[Any], random: Random) -> Any:
    likely = [good.count(option) + 1 for option in options]  # each was seen once before: none is ever ruled out
    unlikely = [others.count(option) + 1 for option in options]
    candidates = random.choices(range(len(options)), likely, k=_CANDIDATES)
    return options[max(candidates, key=lambda each: likely[each] / unlikely[each])]


def _drawn_number(bounds: tuple[float, float], good: Sequence[float], others: Sequence[float], random: Random) -> float:
    likely, unlikely = _Density(*bounds, good), _Density(*bounds, others)
    candidates = [likely.draw(random) for _ in range(_CANDIDATES)]
    return max(candidates, key=lambda each: likely.at(each) / unlikely.at(each))


class _Density:
    """Normal distributions around values, each as wide as its neighbours are away, and one that spans all."""

    def __init__(self, lowest: float, highest: float, values: Sequence[float]) -> None:
        self._lowest, self._highest = lowest, highest
        span = highest - lowest
        centres = sorted(values)
        around = [lowest, *centres, highest]
        narrowest = span / min(100, len(values) + 2)
        widths = [
            min(max(each - before, after - each, narrowest), span)
            for before, each, after in zip(around, centres, around[2:], strict=False)
        ]
        self._normals = [(lowest + span / 2, span), *zip(centres, widths, strict=True)]

    def draw(self, random: Random) -> float:
        """Return a number of it, within the bounds."""
        for _ in range(_TRIES):  # not the bound instead: it would be tried again and again
            centre, width = random.choice(self._normals)
            if self._lowest <= (drawn := random.gauss(centre, width)) <= self._highest:
                return drawn
        return random.uniform(self._lowest, self._highest)

    def at(self, value: float) -> float:
        """Return how dense it is there."""
        return sum(math.exp(-(((value - centre) / width) ** 2) / 2) / width for centre, width in self._normals)
