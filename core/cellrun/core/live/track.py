"""A metric as a view holds it: few enough rows to draw, kept up to date by what is new."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cellrun.core.live.by_rank import MetricByRank
from cellrun.core.live.downsample import Floats, thin_over
from cellrun.core.live.frame import ColumnPart, MetricPart
from cellrun.core.live.series import series
from cellrun.core.store.events.metric import Metric
from cellrun.core.store.events.metric_shape import MetricShape

TABLE_ROWS = 200
TEXT_CHARACTERS = 200
LEAST_ROWS = 50
FEW_COLUMNS = 8  # up to so many, each has all the rows
FEW_ROWS = 8  # so many new rows are sent as they are, however thin the rest is: what was just logged is seen


class Track:
    """Follows one metric: holds what the view holds, and tells the view what changed.

    The view's rows grow up to twice `most`, then the whole history is thinned to `most` again (to fewer where there are
    many columns). So all of it is looked at only each time it has doubled, and a message is as small as the news.
    """

    def __init__(self, metric: Metric, most: int) -> None:
        self._rows_per_point = 1.0
        self.whole = self._restart(metric, most)

    def advance(self, metric: Metric, most: int) -> MetricPart:
        """Take in what is new in the metric; return what to tell the view. `whole` is then what the view holds."""
        before, shape = self.whole, metric.shape
        if isinstance(metric, MetricByRank):
            self.whole = self._restart(metric, most)
            return _changed_rows(before, self.whole)
        if [column.shape for column in before.columns] != shape.columns or before.rows == 0:
            self.whole = self._restart(metric, most)
            return self.whole
        shown = series(shape)
        if shown.kind == "table":
            self.whole = _table(metric, shape)
            return _rows_from(self.whole, before.length)
        fresh = metric.numbers(before.rows)
        count = metric.rows - before.rows
        rows = thin_over(fresh, shown.x, max(FEW_ROWS, math.ceil(count / self._rows_per_point)))
        length = before.length + len(rows)
        if length > 2 * _rows_for(shape, most):
            self.whole = self._restart(metric, most)
            return self.whole
        news = {name: column[rows] for name, column in fresh.items()}
        olds = {column.name: column.numbers for column in before.columns if column.numbers is not None}
        joined = {name: np.concatenate([olds[name], column]) for name, column in news.items()}
        self.whole = _part(metric, shape, joined, 0, length)
        return _part(metric, shape, news, before.length, length)

    def _restart(self, metric: Metric, most: int) -> MetricPart:
        shape = metric.shape
        shown = series(shape)
        if shown.kind == "table":
            return _table(metric, shape)
        columns = metric.numbers()
        rows = thin_over(columns, shown.x, _rows_for(shape, most))
        self._rows_per_point = max(1.0, metric.rows / max(1, len(rows)))
        return _part(metric, shape, {name: column[rows] for name, column in columns.items()}, 0, len(rows))


def _rows_for(shape: MetricShape, most: int) -> int:
    return max(LEAST_ROWS, most * FEW_COLUMNS // max(FEW_COLUMNS, len(shape.columns)))


def _part(metric: Metric, shape: MetricShape, numbers: Mapping[str, Floats], at: int, length: int) -> MetricPart:
    columns = [replace(column, numbers=numbers.get(column.name)) for column in _columns(metric, shape)]
    return MetricPart(metric.name, metric.kind, metric.rows, columns, at, length, _attempts(metric, shape))


def _columns(metric: Metric, shape: MetricShape) -> list[ColumnPart]:
    """Return its columns without new values."""
    return [ColumnPart(name, kind, _short(metric.last(name)), ordered=ordered) for name, kind, ordered in shape.columns]


def _attempts(metric: Metric, shape: MetricShape) -> list[tuple[int, float]]:
    """Return where in a chart each start of the run begins but the first: its number, and its first row's x."""
    name = next((column.name for column in shape.columns if column.type == "number"), "")
    found = []
    for number, row in metric.attempts:
        x: Any = row
        if name in metric.columns:
            x = next(iter(metric.columns[name].values(row, row + 1)), None)
        elif row < metric.rows:
            x = float(metric.index(row)[0])
        if isinstance(x, (int, float)) and math.isfinite(x):
            found.append((number, float(x)))
    return found


def _short(value: Any) -> Any:
    return value[:TEXT_CHARACTERS] if isinstance(value, str) else value


def _table(metric: Metric, shape: MetricShape) -> MetricPart:
    """Return the first rows as text."""
    end = min(metric.rows, TABLE_ROWS)
    columns = [replace(column, text=_texts(metric, column.name, end)) for column in _columns(metric, shape)]
    return MetricPart(metric.name, metric.kind, metric.rows, columns, 0, end)


def _texts(metric: Metric, name: str, end: int) -> list[str | None]:
    """Return the first values of a column, or of the index, as text."""
    if name not in metric.columns:
        return [f"{value:.15g}" for value in metric.index()[:end]]
    return [None if value is None else _short(str(value)) for value in metric.columns[name].values(0, end)]


def _changed_rows(before: MetricPart, now: MetricPart) -> MetricPart:
    """Return what a view lacks that holds what was there before, of columns of numbers that may be filled late."""
    if [column.shape for column in before.columns] != [column.shape for column in now.columns]:
        return now
    least = min(before.length, now.length)
    same = np.ones(least, dtype=bool)
    for old, new in zip(before.columns, now.columns, strict=True):
        if old.numbers is None or new.numbers is None:
            return now
        a, b = old.numbers[:least], new.numbers[:least]
        same &= (a == b) | (np.isnan(a) & np.isnan(b))
    at = int(np.argmin(same)) if not same.all() else least
    columns = [
        replace(column, numbers=None if column.numbers is None else column.numbers[at:]) for column in now.columns
    ]
    return replace(now, columns=columns, at=at)


def _rows_from(table: MetricPart, at: int) -> MetricPart:
    """Return what a view lacks that holds a table's rows before `at`: its first ones never change."""
    columns = [replace(column, text=(column.text or ())[at:]) for column in table.columns]
    return replace(table, columns=columns, at=at)
