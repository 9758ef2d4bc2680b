"""A metric as a view holds it: few enough rows to draw, kept up to date by what is new."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from cellrun.core.live.by_rank import MetricByRank
from cellrun.core.live.downsample import Floats, is_ascending, thin
from cellrun.core.live.frame import ColumnPart, MetricPart
from cellrun.core.live.series import ColumnShape, Series, series
from cellrun.core.live.shape import shape
from cellrun.core.store.events.event_line import typed
from cellrun.core.store.events.metrics import Metric

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
        before, found = self.whole, shape(metric)
        if isinstance(metric, MetricByRank):
            self.whole = self._restart(metric, most)
            return _changed_rows(before, self.whole)
        shapes = list(found.columns)
        if [column.shape for column in before.columns] != shapes or before.rows == 0:
            self.whole = self._restart(metric, most)
            return self.whole
        shown = series(found)
        if shown.kind == "table":
            self.whole = _table(metric, shapes)
            return _rows_from(self.whole, before.length)
        fresh = _numbers(metric, shapes, before.rows)
        count = metric.rows - before.rows
        rows = thin(_curves(fresh, shapes, shown), max(FEW_ROWS, math.ceil(count / self._rows_per_point)))
        length = before.length + len(rows)
        if length > 2 * _rows_for(shapes, most):
            self.whole = self._restart(metric, most)
            return self.whole
        news = [None if column is None else column[rows] for column in fresh]
        olds = [column.numbers for column in before.columns]
        joined = [
            None if new is None or old is None else np.concatenate([old, new])
            for old, new in zip(olds, news, strict=True)
        ]
        self.whole = _part(metric, shapes, joined, 0, length)
        return _part(metric, shapes, news, before.length, length)

    def _restart(self, metric: Metric, most: int) -> MetricPart:
        found = shape(metric)
        shapes, shown = list(found.columns), series(found)
        if shown.kind == "table":
            return _table(metric, shapes)
        columns = _numbers(metric, shapes, 0)
        rows = thin(_curves(columns, shapes, shown), _rows_for(shapes, most))
        self._rows_per_point = max(1.0, metric.rows / max(1, len(rows)))
        return _part(metric, shapes, [None if column is None else column[rows] for column in columns], 0, len(rows))


def _rows_for(shapes: list[ColumnShape], most: int) -> int:
    return max(LEAST_ROWS, most * FEW_COLUMNS // max(FEW_COLUMNS, len(shapes)))


def _has_index(metric: Metric, shapes: list[ColumnShape]) -> bool:
    return len(shapes) > len(metric.columns)


def _numbers(metric: Metric, shapes: list[ColumnShape], start: int) -> list[Floats | None]:
    """Return each column's numbers from row `start` on, None for columns of text; an index comes first."""
    index = [_index(metric, start)] if _has_index(metric, shapes) else []
    logged = metric.columns.values()
    return [*index, *(np.asarray(column.numbers(start)) if column.has_number else None for column in logged)]


def _index(metric: Metric, start: int) -> Floats:
    counted = np.arange(start, metric.rows, dtype=np.float64)
    if metric.steps is None:
        return counted
    steps = np.asarray(metric.steps[start:])
    return np.where(np.isnan(steps), counted, steps)


def _curves(columns: list[Floats | None], shapes: list[ColumnShape], shown: Series) -> list[Floats]:
    """Return the columns whose form must survive: the lines, and an x that doesn't just run on."""
    by_name = {known.name: column for known, column in zip(shapes, columns, strict=True) if column is not None}
    lines = [by_name[name] for name in shown.lines if name in by_name]
    x = by_name.get(shown.x) if shown.x is not None else None
    if x is not None and not is_ascending(x):
        lines.append(x)
    return lines or list(by_name.values())


def _part(metric: Metric, shapes: list[ColumnShape], numbers: list[Floats | None], at: int, length: int) -> MetricPart:
    lasts = _lasts(metric, shapes)
    columns = [
        ColumnPart(column.name, column.type, last, numbers=values, ordered=column.ordered)
        for column, last, values in zip(shapes, lasts, numbers, strict=True)
    ]
    return MetricPart(metric.name, metric.kind, metric.rows, columns, at, length, _attempts(metric, shapes))


def _attempts(metric: Metric, shapes: list[ColumnShape]) -> list[tuple[int, float]]:
    """Return where in a chart each start of the run begins but the first: its number, and its first row's x."""
    name = next((column.name for column in shapes if column.type == "number"), "")
    found = []
    for number, row in metric.attempts:
        x: Any = row
        if not _has_index(metric, shapes):
            x = next(iter(metric.columns[name].values(row, row + 1)), None) if name else None
        elif metric.steps is not None and row < metric.rows and not math.isnan(metric.steps[row]):
            x = metric.steps[row]
        if isinstance(x, (int, float)) and math.isfinite(x):
            found.append((number, float(x)))
    return found


def _lasts(metric: Metric, shapes: list[ColumnShape]) -> list[Any]:
    lasts = [_short(typed(column.last)) for column in metric.columns.values()]
    if not _has_index(metric, shapes):
        return lasts
    index = _index(metric, metric.rows - 1).tolist() if metric.rows else [None]
    return [*map(typed, index), *lasts]


def _short(value: Any) -> Any:
    return value[:TEXT_CHARACTERS] if isinstance(value, str) else value


def _table(metric: Metric, shapes: list[ColumnShape]) -> MetricPart:
    """Return the first rows as text."""
    end = min(metric.rows, TABLE_ROWS)
    texts: list[list[str | None]] = [
        [None if value is None else _short(str(value)) for value in column.values(0, end)]
        for column in metric.columns.values()
    ]
    if _has_index(metric, shapes):
        texts.insert(0, [f"{value:.15g}" for value in _index(metric, 0)[:end]])
    columns = [
        ColumnPart(column.name, column.type, last, text=text, ordered=column.ordered)
        for column, last, text in zip(shapes, _lasts(metric, shapes), texts, strict=True)
    ]
    return MetricPart(metric.name, metric.kind, metric.rows, columns, 0, end)


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
