"""Thins the rows of a metric to about as many as a screen has columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
_LEAST = 3  # MinMaxLTTB keeps no fewer


def thin(curves: Sequence[Floats], most: int) -> Rows:
    """Return the rows to keep, ascending, about `most` at the most, so that every curve still looks the same.

    `curves` are parallel columns, each drawn in row order (an x that runs back or in circles is just another curve).
    MinMaxLTTB (https://arxiv.org/abs/2305.00332) keeps the extremes of each stretch; values that aren't finite keep
    one row for each gap that they make. The first and the last row are always kept.
    """
    count = len(curves[0]) if curves else 0
    if count <= most:
        return np.arange(count)
    share = max(2 * _LEAST, (most - 2) // len(curves))  # gaps may take half of it
    kept = [_keep(curve, share) for curve in curves]
    rows = np.sort(np.concatenate([*kept, np.array([0, count - 1])]))
    once: Rows = rows[np.diff(rows, prepend=-1) > 0]  # np.unique would load all of numpy.ma
    return once


def thin_over(numbers: Mapping[str, Floats], x: str | None, most: int) -> Rows:
    """Return the rows to keep of columns that are drawn over one of them, which counts where it doesn't just run on."""
    curves = [column for name, column in numbers.items() if name != x]
    if x is not None and not (curves and is_ascending(numbers[x])):
        curves.append(numbers[x])
    return thin(curves, most)


def is_ascending(column: Floats) -> bool:
    """Return whether a column never runs back, so that thinning needn't look after its shape."""
    return bool(np.all(column[1:] >= column[:-1]))


def _keep(curve: Floats, most: int) -> Rows:
    finite = np.isfinite(curve)
    if finite.all():
        return _extremes(curve, most)
    rows = np.flatnonzero(finite)
    gap_starts = np.flatnonzero(~finite & np.concatenate([[True], finite[:-1]]))
    return np.concatenate([rows[_extremes(curve[rows], most // 2)], _evenly(gap_starts, most // 2)])


def _extremes(curve: Floats, most: int) -> Rows:
    # Loaded when first needed: most runs never log more points than a screen has columns.
    from tsdownsample import MinMaxLTTBDownsampler  # noqa: PLC0415

    if len(curve) <= most:
        return np.arange(len(curve))
    rows: Rows = MinMaxLTTBDownsampler().downsample(np.ascontiguousarray(curve), n_out=most)  # type: ignore[no-untyped-call]
    return rows.astype(np.int64)


def _evenly(rows: Rows, most: int) -> Rows:
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
