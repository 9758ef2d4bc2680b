"""What a metric is shown as: a tile, a chart or a table.

Its twin is `series.ts` of the front end; both are tested on `tests/data/series.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cellrun.core.store.events.metric_shape import MetricShape


@dataclass(frozen=True)
class Series:
    """How a metric is shown: `lines` over `x` (both column names) in a chart, the last of `lines` in a tile."""

    kind: Literal["tile", "chart", "table"]
    title: str
    subtitle: str
    x: str | None
    lines: tuple[str, ...]


def series(metric: MetricShape) -> Series:
    """Return what a metric is shown as.

    One value is read, so it is a tile; several are compared, so they are a chart; text has no curve. Rows of two or
    more numbers are a curve from the first row on: what will be a chart doesn't begin as a tile. Rows with a text are
    read by row, however many they are, and where x turns, the rows are no curve: both are a table.
    """
    columns, indexed = metric.columns, metric.has_index
    logged = [column.name for column in columns[1 if indexed else 0 :]]
    numbers = [column for column in columns if column.type == "number"]
    x, lines = (numbers[0].name, tuple(column.name for column in numbers[1:])) if numbers else (None, ())
    has_text = not metric.is_plain and any(column.type == "text" for column in columns)
    if indexed and metric.rows <= 1 and not has_text:
        return Series("tile", metric.name, "", None, tuple(logged))
    if not lines or has_text or not numbers[0].ordered:
        return Series("table", metric.name, "", None, tuple(logged))
    return Series("chart", metric.name, "" if metric.is_plain else _subtitle(x, lines), x, lines)


def _subtitle(x: str | None, lines: Sequence[str]) -> str:
    return f"{lines[0]} over {x}" if len(lines) == 1 else f"over {x}"
