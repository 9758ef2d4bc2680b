"""The curves of several runs, by metric, thin enough to be drawn on one another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

from cellrun.core.layout import RunLayout
from cellrun.core.live.metric_window import STEP, TIME, window
from cellrun.core.live.series import series
from cellrun.core.store.events.event_line import decode_value
from cellrun.core.store.events.metric_shape import MetricHead
from cellrun.core.store.events.metrics_cache import MetricsCache

CURVE_POINTS = 500
ALL_POINTS = 60_000  # of all curves together, some 2 MB of JSON: many curves get fewer points each
LEAST_POINTS = 50
METRICS_DRAWN = 100
LINES_DRAWN = 100  # of one metric: a row may have any number of columns


@dataclass(frozen=True)
class Curve:
    """One run's points of a metric, parallel; None where there is no number to draw."""

    run: str
    x: list[float | None]
    y: list[float | None]


@dataclass(frozen=True)
class Curves:
    """What is drawn of one metric: column `y` over `x`, a curve for each run that has it."""

    name: str
    x: str
    y: str
    series: list[Curve]


class DrawnRun(NamedTuple):
    """A run, when it started (epoch seconds), and the heads of its metrics by name."""

    layout: RunLayout
    started_at: float
    heads: Mapping[str, MetricHead]

    def only(self, names: Collection[str] | None) -> DrawnRun:
        """Return it with the metrics of these names alone; None stands for all."""
        if names is None:
            return self
        return self._replace(heads={name: head for name, head in self.heads.items() if name in names})


class _Chart(NamedTuple):
    """What is drawn of a metric: columns over a column, or an index."""

    name: str
    x: str
    lines: tuple[str, ...]


def compared_curves(runs: Sequence[DrawnRun], x: str, cache: MetricsCache) -> list[Curves]:
    """Return the curves of the first 100 metrics that have one in any of the runs, in the order of the runs.

    `x` is `step` (each metric's own x: the step, or the column that it was logged over), `time` (seconds since the
    run's start) or the name of a column; a metric without that column keeps its own x. Nothing is aligned.
    Raises OSError for a run that is gone.
    """
    charts = _charts([run.heads for run in runs], x)
    count = sum(len(chart.lines) for chart in charts) * len(runs)
    points = max(LEAST_POINTS, min(CURVE_POINTS, ALL_POINTS // max(1, count)))
    found: dict[tuple[str, str], list[Curve]] = {(chart.name, y): [] for chart in charts for y in chart.lines}
    for run in runs:
        drawn = [chart for chart in charts if _has_curve(run.heads.get(chart.name), chart.x)]
        for key, curve in _curves(run, drawn, cache, points):
            found[key].append(curve)
    return [Curves(chart.name, chart.x, y, found[chart.name, y]) for chart in charts for y in chart.lines]


def _charts(heads_by_run: Sequence[Mapping[str, MetricHead]], x: str) -> list[_Chart]:
    """Return the charts of all runs' metrics: each as the first run shows it that has a chart of it."""
    charts: dict[str, _Chart] = {}
    for of_run in heads_by_run:
        for name, head in of_run.items():
            shown = series(head.shape)
            if shown.kind == "chart" and shown.x is not None:
                charts.setdefault(name, _Chart(name, shown.x, shown.lines[:LINES_DRAWN]))
    names = [name for name in dict.fromkeys(name for of_run in heads_by_run for name in of_run) if name in charts]
    having = {name for of_run in heads_by_run for name, head in of_run.items() if x == TIME or head.shape.can_be_x(x)}
    # `step` may be a logged column's name too: what a metric was logged over is meant all the same.
    drawn_over = {name: charts[name] if x == STEP else charts[name]._replace(x=x) for name in having & charts.keys()}
    return [drawn_over.get(name, charts[name]) for name in names[:METRICS_DRAWN]]


def _has_curve(head: MetricHead | None, x: str) -> bool:
    """Whether a run's metric can be drawn over x, or has no such column and is drawn over its own."""
    if head is None or series(head.shape).kind == "table":
        return False
    return head.shape.can_be_x(x) or not head.shape.has(x)


def _curves(
    run: DrawnRun, charts: Sequence[_Chart], cache: MetricsCache, points: int
) -> list[tuple[tuple[str, str], Curve]]:
    """Return a run's curves, by metric and column."""
    found = []
    with cache.open(run.layout) as metrics:
        for chart in charts:
            metric = metrics.metrics[chart.name]
            column = metric.columns.get(chart.x)
            x = chart.x if chart.x == TIME or (column is not None and column.has_number) else STEP
            part = window(metric, x=x, points=points)
            zero = run.started_at if part["x"] == TIME and TIME not in metric.columns else 0.0
            values = {column["name"]: column["values"] for column in part["columns"]}
            xs = _numbers(values.get(part["x"], ()), zero)
            for y in chart.lines:
                ys = _numbers(values.get(y, ()), 0.0)
                if any(value is not None for value in ys):
                    found.append(((chart.name, y), Curve(run.layout.run_id, xs, ys)))
    return found


def _numbers(values: Iterable[Any], zero: float) -> list[float | None]:
    """Return a column's numbers, from `zero` on."""
    return [_number(value, zero) for value in values]


def _number(value: Any, zero: float) -> float | None:
    decoded = decode_value(value)
    if isinstance(decoded, (str, bool)) or decoded is None:
        return None
    try:
        number = float(decoded)
    except OverflowError:  # an int beyond all floats
        return None
    return number - zero if isfinite(number) else None
