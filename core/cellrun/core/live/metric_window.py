"""A part of a metric for somebody who draws it: rows between two values of x, thinned to so many points."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.live.downsample import Floats, Rows, is_ascending, thin
from cellrun.core.live.series import index_name
from cellrun.core.live.shape import logged_columns, shape
from cellrun.core.store.events.event_line import Value, typed
from cellrun.core.store.events.metrics import Metric, Metrics

STEP = "step"
TIME = "time"


def heads(metrics: Metrics) -> list[dict[str, Any]]:
    """Return what there is to draw: each metric's name, kind, rows and columns with their last values.

    An index goes before the logged columns of a metric that has no x of its own, as in the live view.
    """
    return [_head(metric) for metric in metrics.metrics.values()]


def window(  # noqa: PLR0913  # one for each thing to choose
    metric: Metric,
    *,
    x: str | None = None,
    low: float | None = None,
    high: float | None = None,
    points: int = 1000,
    start: int = 0,
    count: int | None = None,
) -> dict[str, Any]:
    """Return rows of a metric as columns, ready for JSON.

    `x` is `step`, `time` (epoch seconds) or a column, which is meant where it has one of those names; else what the
    chart is drawn over. Only rows from number `start` on, `count` at the most, whose x lies between `low` and `high`,
    both included. More than `points` are thinned so that every curve still looks the same: then `exact` is False.
    `next` is the `start` of whoever wants only what comes later. Raises UserErrorException for an x that the metric
    hasn't.
    """
    name, lead = _lead(metric, x)
    xs = np.asarray(metric.columns[name].numbers()) if lead is None else lead
    begin = min(max(start, 0), metric.rows)
    end = metric.rows if count is None else min(begin + count, metric.rows)
    rows = np.arange(begin, end)
    if low is not None or high is not None:
        chosen = xs[rows]
        is_inside = (chosen >= (-np.inf if low is None else low)) & (chosen <= (np.inf if high is None else high))
        rows = rows[is_inside]  # a row without an x is nowhere
    kept = rows if len(rows) <= points else rows[thin(_curves(metric, name, xs, rows), points)]
    columns = [] if lead is None else [_column(name, "number", lead[kept].tolist())]
    listed = kept.tolist()
    columns += [
        _column(column.name, column.type, metric.columns[column.name].pick(listed)) for column in logged_columns(metric)
    ]
    return {
        "name": metric.name,
        "kind": metric.kind,
        "rows": metric.rows,
        "x": name,
        "columns": columns,
        "exact": len(kept) == len(rows),
        "next": end,
    }


def _head(metric: Metric) -> dict[str, Any]:
    columns = [
        {"name": name, "type": kind, "ordered": ordered, "last": _last(metric, name)}
        for name, kind, ordered in shape(metric).columns
    ]
    return {"name": metric.name, "kind": metric.kind, "rows": metric.rows, "columns": columns}


def _last(metric: Metric, name: str) -> Any:
    """Return the last value of a column, or of the index, ready for JSON."""
    if name in metric.columns:
        return typed(metric.columns[name].last)
    return typed(float(_steps(metric)[-1])) if metric.rows else None


def _lead(metric: Metric, x: str | None) -> tuple[str, Floats | None]:
    """Return the name of x, and its values if it is no logged column."""
    shapes = logged_columns(metric)
    index = index_name(metric.kind, shapes)
    if x is None:
        numbers = [column.name for column in shapes if column.type == "number"]
        return (numbers[0], None) if index is None else (index, _steps(metric))
    if x in metric.columns:
        if not metric.columns[x].has_number:
            raise UserErrorException(f"metric {shown(metric.name)} can't be drawn over {shown(x)}: it holds no number")
        return x, None
    if x in {STEP, index}:
        return index or STEP, _steps(metric)
    if x == TIME:
        return TIME, np.asarray(metric.times[:])
    known = ", ".join(map(shown, [STEP, TIME, *metric.columns]))
    raise UserErrorException(f"metric {shown(metric.name)} has no x {shown(x)}; it has {known}")


def _steps(metric: Metric) -> Floats:
    """Return each row's step, where none was given its number."""
    counted = np.arange(metric.rows, dtype=np.float64)
    if metric.steps is None:
        return counted
    steps = np.asarray(metric.steps[:])
    return np.where(np.isnan(steps), counted, steps)


def _curves(metric: Metric, x: str, xs: Floats, rows: Rows) -> list[Floats]:
    """Return the columns whose form must survive: all numbers, and an x that doesn't just run on."""
    curves = [
        np.asarray(column.numbers())[rows] for name, column in metric.columns.items() if name != x and column.has_number
    ]
    chosen = xs[rows]
    return curves if curves and is_ascending(chosen) else [*curves, chosen]


def _column(name: str, kind: str, values: list[Value]) -> dict[str, Any]:
    return {"name": name, "type": kind, "values": [typed(value) for value in values]}
