"""A part of a metric for somebody who draws it: rows between two values of x, thinned to so many points."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.live.downsample import Floats, Rows, thin_over
from cellrun.core.store.events.event_line import Value, typed
from cellrun.core.store.events.metric import Metric

STEP = "step"
TIME = "time"


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
    kept = rows if len(rows) <= points else rows[thin_over(_drawn(metric, name, xs, rows), name, points)]
    columns = [] if lead is None else [_column(name, "number", lead[kept].tolist())]
    listed = kept.tolist()
    columns += [_column(logged, column.type, column.pick(listed)) for logged, column in metric.columns.items()]
    return {
        "name": metric.name,
        "kind": metric.kind,
        "rows": metric.rows,
        "x": name,
        "columns": columns,
        "exact": len(kept) == len(rows),
        "next": end,
    }


def _lead(metric: Metric, x: str | None) -> tuple[str, Floats | None]:
    """Return the name of x, and its values if it is no logged column."""
    index = metric.index_name
    if x is None:
        numbers = [name for name, column in metric.columns.items() if column.has_number]
        return (numbers[0], None) if index is None else (index, metric.index())
    if x in metric.columns:
        if not metric.columns[x].has_number:
            raise UserErrorException(f"metric {shown(metric.name)} can't be drawn over {shown(x)}: it holds no number")
        return x, None
    if x in {STEP, index}:
        return index or STEP, metric.index()
    if x == TIME:
        return TIME, np.asarray(metric.times[:])
    known = ", ".join(map(shown, [STEP, TIME, *metric.columns]))
    raise UserErrorException(f"metric {shown(metric.name)} has no x {shown(x)}; it has {known}")


def _drawn(metric: Metric, x: str, xs: Floats, rows: Rows) -> dict[str, Floats]:
    """Return the columns whose form must survive, x among them."""
    logged = {name: column for name, column in metric.columns.items() if column.has_number}
    return {**{name: np.asarray(column.numbers())[rows] for name, column in logged.items()}, x: xs[rows]}


def _column(name: str, kind: str, values: list[Value]) -> dict[str, Any]:
    return {"name": name, "type": kind, "values": [typed(value) for value in values]}
