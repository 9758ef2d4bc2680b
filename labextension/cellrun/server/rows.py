"""A run as a list shows it: `Row` of the front end's `server/types.ts`."""

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
SPARK_POINTS = 24
SPARK_TOP = 255
FIRST = "*"
"""Asks for the course of the first metric that has one."""
TEXT_CHARACTERS = 200


def row_json(row: RunRow, sparks: Sequence[str] = ()) -> dict[str, Any]:
    """Return a row as plain values; `sparks` are the metrics whose courses are wanted, `*` the first that has one.

    A queued run's reason is what it waits for now, in its engine's words, or how many are before it.
    """
    waits = None
    if row.status is Status.QUEUED:
        waits = WAITING_RUNS.now().reasons.get(row.id) or WAITING_ELSEWHERE.now().reasons.get(row.id)
    return {
        "id": row.id,
        "name": row.name,
        "number": row.number,
        "experiment": row.experiment,
        "display_name": row.display_name,
        "kind": row.kind,
        "type": row.type,
        "target": row.target,
        "status": row.status.value,
        "reason": waits or row.reason,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "parent": row.parent,
        "children": row.children,
        "tags": row.tags,
        "parameters": row.parameters,
        "metrics": {name: last_value(metric) for name, metric in islice(_values(row.metrics), METRICS_LISTED)},
        "sparks": _courses(row.metrics, sparks),
        "cell": row.cell and row.cell._asdict(),
    }


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
    if len(points) > SPARK_POINTS:
        step = (len(points) - 1) / (SPARK_POINTS - 1)
        points = [points[round(at * step)] for at in range(SPARK_POINTS)]
    numbers = [point for point in points if point is not None]
    if len(numbers) < 2:
        return None
    low = min(numbers)
    # In halves: the distance of two floats can be beyond all floats.
    height = max(numbers) / 2 - low / 2
    if height <= 0:
        return [None if point is None else SPARK_TOP // 2 for point in points]
    return [None if point is None else round((point / 2 - low / 2) / height * SPARK_TOP) for point in points]


def _courses(metrics: Mapping[str, MetricSummary], wanted: Sequence[str]) -> dict[str, list[int | None]]:
    found = {name: line for name in wanted if name in metrics and (line := course(metrics[name]))}
    if FIRST in wanted:
        first = next(((name, line) for name, metric in metrics.items() if (line := course(metric))), None)
        if first:
            found.setdefault(*first)
    return found
