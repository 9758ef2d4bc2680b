"""One axis of a chart: the numbers that it spans, and its ticks with their labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellrun.core.live.downsample import Floats

LARGEST = 1e300  # an axis is longer than its values are large
_STEPS = (1, 2, 5, 10)
_LONGEST_PLAIN = 6  # digits before the point, beyond which a power of ten is easier to read
_MOST_DECIMALS = 4


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`, with a few ticks at round numbers."""

    low: float
    high: float
    ticks: Sequence[tuple[float, str]]

    @classmethod
    def of(cls, numbers: Floats, most: int, margin: float) -> Axis:
        """Return the axis of these numbers, NaN left out, with about `most` ticks and a share of room at both ends."""
        finite = numbers[np.isfinite(numbers)]
        least, largest = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
        room = (largest - least) * margin or abs(least) * margin or 0.5
        low, high = least - room, largest + room
        are_whole = bool(np.all(finite == np.floor(finite)))
        return cls(low, high, _ticks(low, high, most, least_exponent=0 if are_whole else -LARGEST))

    def share(self, numbers: Floats | float) -> Floats:
        """Return where numbers are: 0 at the low end, 1 at the high one."""
        return np.asarray((numbers - self.low) / (self.high - self.low), dtype=float)


def drawable(numbers: Floats) -> Floats:
    """Return numbers that an axis can span; what is infinite is a gap."""
    return np.where(np.isfinite(numbers), np.clip(numbers, -LARGEST, LARGEST), np.nan)


def _ticks(low: float, high: float, most: int, least_exponent: float) -> list[tuple[float, str]]:
    """Return multiples of 1, 2 or 5 times a power of ten; with whole numbers alone no fractions of one."""
    wanted = (high - low) / most
    exponent = math.floor(math.log10(wanted))
    factor = next(factor for factor in _STEPS if factor * 10.0**exponent >= wanted * (1 - 1e-9))
    if factor == _STEPS[-1]:
        factor, exponent = 1, exponent + 1
    if exponent < least_exponent:
        factor, exponent = 1, 0
    step = factor * 10.0**exponent
    numbers = [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
    largest = max(map(abs, numbers), default=0.0)
    is_plain = largest < 10**_LONGEST_PLAIN and -exponent <= _MOST_DECIMALS
    return [(n, f"{n:.{max(0, -exponent)}f}" if is_plain else _power_of_ten(n, exponent)) for n in numbers]


def _power_of_ten(number: float, last_digit: int) -> str:
    """Return `2.5e13`: digits down to a power of ten, as few signs as say it."""
    if number == 0:
        return "0"
    digits = min(16, max(0, math.floor(math.log10(abs(number)) + 1e-9) - last_digit))
    mantissa, _, exponent = f"{number:.{digits}e}".partition("e")
    return f"{mantissa}e{int(exponent)}"
