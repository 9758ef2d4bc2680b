"""A metric that the processes of a distributed run logged each for itself, as columns side by side: a line a rank."""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt

from cellrun.core.live.downsample import Floats
from cellrun.core.store.events.column import Column
from cellrun.core.store.events.event_line import Value
from cellrun.core.store.events.metric import NO_RANK, Metric

MOST_LINES = 16
"""Of more ranks than these a line each tells nothing: the least, the mean and the most of them at each step do."""


class MetricByRank(Metric):
    """Such a metric: a row a step, which is the one that was given, or how many values the rank had logged before.

    Unlike any other metric's its rows change: a rank that lags behind fills its cells later.
    """

    __slots__ = ()


class _RankColumn(Column):
    """One rank's values; the last is the last that there is."""

    __slots__ = ()

    @property
    def last(self) -> Value:
        numbers = np.asarray(self.numbers())
        there = np.flatnonzero(~np.isnan(numbers))
        return float(numbers[there[-1]]) if len(there) else None


def by_rank(metric: Metric) -> Metric:
    """Return a metric as lines by rank; as it is, where it isn't one of plain numbers by several ranks."""
    if metric.ranks is None or metric.kind not in {"log", "list"} or metric.columns[metric.name].has_text:
        return metric
    ranks = np.asarray(metric.ranks[:])
    known = np.unique(ranks)
    if len(known) < 2:  # one alone, as a rule the first, logs for all
        return metric
    numbers, steps = np.asarray(metric.columns[metric.name].numbers()), _steps(metric, ranks, known)
    shown, first, row_of = np.unique(steps, return_index=True, return_inverse=True)
    lines = np.full((len(known), len(shown)), np.nan)
    lines[np.searchsorted(known, ranks), row_of.reshape(-1)] = numbers
    made = MetricByRank(metric.name, "log")
    made.rows, made.steps = len(shown), array("d", shown.tobytes())
    made.times = array("d", np.asarray(metric.times[:])[first].tobytes())
    made.columns = {name: _column(line) for name, line in _named(known, lines)}
    return made


def _steps(metric: Metric, ranks: npt.NDArray[np.int32], known: npt.NDArray[np.int32]) -> Floats:
    """Return each value's step: where none was given, how many its rank had logged before."""
    counted = np.empty(len(ranks))
    for rank in known:
        mine = ranks == rank
        counted[mine] = np.arange(np.count_nonzero(mine))
    if metric.steps is None:
        return counted
    given = np.asarray(metric.steps[:])
    return np.where(np.isnan(given), counted, given)


def _named(known: npt.NDArray[np.int32], lines: npt.NDArray[np.float64]) -> list[tuple[str, Floats]]:
    if len(known) <= MOST_LINES:
        return [
            ("no rank" if rank == NO_RANK else f"rank {rank}", line) for rank, line in zip(known, lines, strict=True)
        ]
    is_there = ~np.isnan(lines)
    count = is_there.sum(axis=0)
    total = np.where(is_there, lines, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    least, most = np.fmin.reduce(lines, axis=0), np.fmax.reduce(lines, axis=0)
    return [("least", least), (f"mean of {len(known)} ranks", mean), ("most", most)]


def _column(line: Floats) -> Column:
    return _RankColumn.with_gaps(array("d", line.tobytes()))
