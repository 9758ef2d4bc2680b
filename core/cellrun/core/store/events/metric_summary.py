"""One metric in short: how many rows it has, the last one, and a sketch of its course."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from cellrun.core.store.events.column import nearest_float
from cellrun.core.store.events.event_line import Value, decode_value, typed
from cellrun.core.store.events.order import LEVEL, Order

SPARK_POINTS = 60

_NUMBERS = frozenset({int, float})
_LARGEST = sys.float_info.max


class MetricSummary:
    """A metric's count, last row and spark line of at most 60 points, evenly spread over all rows.

    Rows with a text, and rows whose x turns, are a table (see `live/series.py`): they have no course to draw.
    """

    __slots__ = ("at", "count", "kind", "last", "order", "spark", "stride")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        """What it was first logged by: log, list, row or table."""
        self.count = 0
        self.at = 0.0
        """When the last row was logged, epoch seconds."""
        self.last: Mapping[str, Value] = {}
        """The last row, by column; a plain metric's column has the metric's name."""
        self.spark: list[Value] = []
        self.stride = 1
        self.order = Order()
        """Of the x of rows; not kept once they are a table."""

    def add_row(self, at: float, row: Mapping[str, Value]) -> None:
        """Count one row of several columns."""
        x, y = x_column(row), y_column(row)
        if str in map(type, row.values()):
            self.order.direction = None
        elif x is not None:
            self.order.add(_floats([row[x]]))
        self.add(at, row, (row[y] if y is not None else None,))

    def add_table(self, at: float, columns: Mapping[str, Sequence[Value]]) -> None:
        """Count the rows of a table."""
        last = {column: values[-1] for column, values in columns.items()}
        x, y = x_column(last), y_column(last)
        if any(str in map(type, values) and not _NUMBERS & set(map(type, values)) for values in columns.values()):
            self.order.direction = None
        elif x is not None:
            self.order.add(_floats(columns[x]))
        self.add(at, last, columns[y] if y is not None else [None] * len(next(iter(columns.values()))))

    def add(self, at: float, last: Mapping[str, Value], ys: Sequence[Value]) -> None:
        """Count rows: when they were logged, the last of them, and what to draw of each."""
        while self.count + len(ys) > SPARK_POINTS * self.stride:
            del self.spark[1::2]
            self.stride *= 2
        if self.stride == 1:
            self.spark += ys
        else:
            self.spark += ys[-self.count % self.stride :: self.stride]
        self.count += len(ys)
        self.at = at
        self.last = last

    def merge(self, other: MetricSummary) -> None:
        """Take in what another writer logged under the same name."""
        if other.count > self.count:  # two courses can't be drawn as one line: the longer is shown
            self.spark, self.stride = other.spark, other.stride
        if not other.order.is_kept:
            self.order = other.order
        if other.at >= self.at:
            self.at, self.last = other.at, other.last
        self.count += other.count

    @property
    def is_table(self) -> bool:
        """Whether it is read row by row: its last one says nothing of the run."""
        return not self.order.is_kept

    def numbers(self) -> list[float | None]:
        """Return the spark line's points; None where there is no number to draw, and no points of a table."""
        if self.is_table:
            return []
        return [
            float(value) if type(value) in _NUMBERS and abs(value) <= _LARGEST else None  # type: ignore[arg-type]
            for value in self.spark
        ]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        last = {column: typed(value) for column, value in self.last.items()}
        return {
            "kind": self.kind,
            "count": self.count,
            "at": self.at,
            "last": last,
            "spark": self.numbers(),
            "stride": self.stride,
            "order": [self.order.direction, typed(self.order.last)],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MetricSummary:
        """Read what `to_json` gave."""
        made = cls(data["kind"])
        made.count, made.at, made.spark, made.stride = data["count"], data["at"], data["spark"], data["stride"]
        made.last = {column: decode_value(value) for column, value in data["last"].items()}
        direction, x = data.get("order", (LEVEL, {"float": "NaN"}))  # cellrun 0.1 drew a line of anything
        made.order = Order(direction, decode_value(x))  # type: ignore[arg-type]  # a number
        return made


def y_column(row: Mapping[str, Value]) -> str | None:
    """Return the column of a row that is drawn: the second that holds a number (the first is x), else the first."""
    numbers = [column for column, value in row.items() if type(value) in _NUMBERS]
    return numbers[min(1, len(numbers) - 1)] if numbers else None


def _floats(values: Sequence[Value]) -> list[float]:
    return [nearest_float(value) for value in values if type(value) in _NUMBERS]  # type: ignore[arg-type]


def x_column(row: Mapping[str, Value]) -> str | None:
    """Return the column of a row that it is drawn over: the first of several that hold a number."""
    numbers = [column for column, value in row.items() if type(value) in _NUMBERS]
    return numbers[0] if len(numbers) > 1 else None
