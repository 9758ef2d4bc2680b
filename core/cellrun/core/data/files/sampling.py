"""Which rows or files a sample takes: the same ones for the same seed, on every machine and with every NumPy."""

from __future__ import annotations

import os
from typing import Any

from cellrun.core.errors import DatasetError, shown


class Draws:
    """Numbers from 0 to 1, one a row, in order. `place` tells a dataset's steps apart that have one seed."""

    def __init__(self, seed: int, place: int) -> None:
        import numpy as np  # noqa: PLC0415  # a dataset that takes no sample has no need of it

        self._bits = np.random.PCG64(np.random.SeedSequence([seed % 2**64, place]))

    def below(self, probability: float, count: int) -> Any:
        """Return for each of the next rows whether its number is below a probability: a boolean array."""
        # raw bits, whose stream NumPy promises to keep; that of a Generator's methods it doesn't
        return (self._bits.random_raw(count) >> 11) * 2.0**-53 < probability


def seed_of(given: object) -> int:
    """Return the seed that is given, else one of our own: a dataset with a sample is one, however often it is read."""
    if given is None:
        return int.from_bytes(os.urandom(4), "big")
    number = getattr(given, "item", lambda: given)()  # NumPy's integers, too
    if isinstance(number, bool) or not isinstance(number, int):
        raise DatasetError(f"a seed is a whole number; got {shown(given)}")
    return number


def share_of(given: object, what: str) -> float:
    """Return a probability or a share if it can be one. Raises DatasetError."""
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given <= 1:
        raise DatasetError(f"{what} is a number from 0 to 1; got {shown(given)}")
    return float(given)
