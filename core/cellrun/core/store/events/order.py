"""Whether numbers that come one after the other are monotonic: a line over them is a curve only then."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from operator import ge, le

UP, LEVEL, DOWN = 1, 0, -1


class Order:
    """Which way numbers have run so far: each is looked at once, so that a live curve costs what is new of it.

    Equal neighbours are no turn. What is no number (NaN) has no place in an order and is passed over.
    """

    __slots__ = ("direction", "last")

    def __init__(self, direction: int | None = LEVEL, last: float = math.nan) -> None:
        self.direction = direction
        """UP, DOWN, or LEVEL while all are the same; None once they have turned."""
        self.last = last
        """The last number; NaN before the first."""

    @property
    def is_kept(self) -> bool:
        """Whether they never turned."""
        return self.direction is not None

    def add(self, numbers: Sequence[float]) -> None:
        """Look at the next numbers."""
        if self.direction is None or not numbers:
            return
        first = numbers[0] if math.isnan(self.last) else self.last
        if all(map(le, chain([first], numbers), numbers)):
            step = UP if numbers[-1] > first else LEVEL
        elif all(map(ge, chain([first], numbers), numbers)):
            step = DOWN
        elif any(map(math.isnan, numbers)):
            self.add([number for number in numbers if not math.isnan(number)])
            return
        else:
            self.direction = None
            return
        self.last = numbers[-1]
        if self.direction == LEVEL:
            self.direction = step
        elif step not in {LEVEL, self.direction}:
            self.direction = None
