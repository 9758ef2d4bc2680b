"""What a metric is shown as: a tile, a chart or a table.

Its twin is `series.ts` of the front end; both are tested on `tests/data/series.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

ColumnType = Literal["number", "text", "other"]

ROW_INDEXES = frozenset({"row", "#"})  # names of an index before logged columns; `#` where a logged one is called `row`


class ColumnShape(NamedTuple):
    """A column by name: `number` as soon as it holds one number, `text` if it holds texts alone, else `other`."""

    name: str
    type: ColumnType
    ordered: bool = True  # whether its numbers never turn: what a line can be drawn over


class MetricShape(NamedTuple):
    """What `series` needs to know of a metric: its columns, an index (see `index_name`) before the logged ones."""

    name: str
    kind: str  # log, row, list or table
    rows: int
    columns: Sequence[ColumnShape]


@dataclass(frozen=True)
class Series:
    """How a metric is shown: `lines` over `x` (both column names) in a chart, the last of `lines` in a tile."""

    kind: Literal["tile", "chart", "table"]
    title: str
    subtitle: str
    x: str | None
    lines: tuple[str, ...]


def index_name(kind: str, logged: Sequence[ColumnShape]) -> str | None:
    """Return the name of the index that goes before a metric's logged columns; None if they have an x of their own."""
    if kind not in ("log", "list") and sum(column.type == "number" for column in logged) >= 2:
        return None
    name = "step" if kind == "log" else "row"
    return "#" if any(column.name == name for column in logged) else name


def series(metric: MetricShape) -> Series:
    """Return what a metric is shown as.

    One value is read, so it is a tile; several are compared, so they are a chart; text has no curve. Rows of two or
    more numbers are a curve from the first row on: what will be a chart doesn't begin as a tile. Rows with a text are
    read by row, however many they are, and where x turns, the rows are no curve: both are a table.
    """
    columns = metric.columns
    indexed = metric.kind in ("log", "list") or (bool(columns) and columns[0].name in ROW_INDEXES)
    logged = [column.name for column in columns[1 if indexed else 0 :]]
    numbers = [column for column in columns if column.type == "number"]
    x, lines = (numbers[0].name, tuple(column.name for column in numbers[1:])) if numbers else (None, ())
    is_counted = metric.kind in ("log", "list")
    has_text = not is_counted and any(column.type == "text" for column in columns)
    if indexed and metric.rows <= 1 and not has_text:
        return Series("tile", metric.name, "", None, tuple(logged))
    if not lines or has_text or not numbers[0].ordered:
        return Series("table", metric.name, "", None, tuple(logged))
    return Series("chart", metric.name, _subtitle(metric.kind, x, lines), x, lines)


def _subtitle(kind: str, x: str | None, lines: Sequence[str]) -> str:
    if kind in ("log", "list"):
        return ""
    return f"{lines[0]} over {x}" if len(lines) == 1 else f"over {x}"
