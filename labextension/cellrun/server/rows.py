"""A run as a list shows it: `Row` of openapi.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from cellrun.core.store.events.event_line import Value, typed
from cellrun.core.store.events.metric_summary import MetricSummary, y_column
from cellrun.core.store.lists.run_row import RunRow
from cellrun.core.store.status import Status
from cellrun.core.targets.keeper.waiting_elsewhere import WAITING_ELSEWHERE
from cellrun.core.targets.local.waiting import WAITING_RUNS

METRICS_LISTED = 50
SPARKLINE_POINTS = 24
SPARKLINE_TOP = 255
FIRST = "*"
"""Asks for the course of the first metric that has one."""
TEXT_CHARACTERS = 200


def row_json(row: RunRow, sparks: Sequence[str] = ()) -> dict[str, Any]:
    """Return a row as plain values; `sparks` are the metrics whose courses are wanted, `*` the first that has one.

    A queued run's reason is what it waits for now, in its engine's words, or how many are before it.
    """
    shown = row.plain()
    del shown["properties"]
    if row.status is Status.QUEUED:
        waits = WAITING_RUNS.now().reasons.get(row.id) or WAITING_ELSEWHERE.now().reasons.get(row.id)
        shown["reason"] = waits or row.reason
    shown["metrics"] = {name: last_value(metric) for name, metric in islice(_values(row.metrics), METRICS_LISTED)}
    shown["sparks"] = _courses(row.metrics, sparks)
    return shown


def _values(metrics: Mapping[str, MetricSummary]) -> Iterator[tuple[str, MetricSummary]]:
    """Iterate over the metrics whose last value says something of the run: a cell of a table doesn't."""
    return ((name, metric) for name, metric in metrics.items() if not metric.is_table)


def last_value(metric: MetricSummary) -> Any:
    """Return a metric's last value, ready for JSON: of rows, that of the column that is drawn."""
    if not metric.last:
        return None
    column = next(iter(metric.last)) if metric.kind in {"log", "list"} else y_column(metric.last)
    return short(metric.last[column if column is not None else next(iter(metric.last))])


def short(value: Value) -> Any:
    """Return a value ready for JSON; a long text is cut."""
    return typed(value[:TEXT_CHARACTERS] if isinstance(value, str) else value)


def course(metric: MetricSummary) -> list[int | None] | None:
    """Return a metric's course as at most 24 points, 0 lowest to 255 highest, None a gap; None without two numbers."""
    points = metric.numbers()
    if len(points) > SPARKLINE_POINTS:
        step = (len(points) - 1) / (SPARKLINE_POINTS - 1)
        points = [points[round(at * step)] for at in range(SPARKLINE_POINTS)]
    numbers = [point for point in points if point is not None]
    if len(numbers) < 2:
        return None
    low = min(numbers)
    # In halves: the distance of two floats can be beyond all floats.
    height = max(numbers) / 2 - low / 2
    if height <= 0:
        return [None if point is None else SPARKLINE_TOP // 2 for point in points]
    return [None if point is None else round((point / 2 - low / 2) / height * SPARKLINE_TOP) for point in points]


def _courses(metrics: Mapping[str, MetricSummary], wanted: Sequence[str]) -> dict[str, list[int | None]]:
    found = {name: line for name in wanted if name in metrics and (line := course(metrics[name]))}
    if FIRST in wanted:
        first = next(((name, line) for name, metric in metrics.items() if (line := course(metric))), None)
        if first:
            found.setdefault(*first)
    return found
