"""What there is to know of a metric without its values: its columns, their types, an index before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

ColumnType = Literal["number", "text", "other"]

_ROW_INDEXES = frozenset(
    {"row", "#"}
)  # names of an index before logged columns; `#` where a logged one is called `row`


class ColumnShape(NamedTuple):
    """A column by name: `number` as soon as it holds one number, `text` if it holds texts alone, else `other`."""

    name: str
    type: ColumnType
    ordered: bool = True  # whether its numbers never turn: what a line can be drawn over


class MetricShape(NamedTuple):
    """A metric's columns, an index (see `index_name`) before the logged ones."""

    name: str
    kind: str  # log, row, list or table
    rows: int
    columns: Sequence[ColumnShape]

    @property
    def is_plain(self) -> bool:
        """Whether its values came one by one, without columns of their own."""
        return is_plain(self.kind)

    @property
    def has_index(self) -> bool:
        """Whether its first column is a count that nobody logged: the step, or the row."""
        return self.is_plain or (bool(self.columns) and self.columns[0].name in _ROW_INDEXES)

    def is_index(self, name: str) -> bool:
        """Whether a column is that count."""
        return self.has_index and name == self.columns[0].name

    def has(self, name: str) -> bool:
        """Whether it has such a column."""
        return any(column.name == name for column in self.columns)

    def can_be_x(self, name: str) -> bool:
        """Whether a line can be drawn over a column."""
        return any(column.name == name and column.type == "number" and column.ordered for column in self.columns)


class MetricHead(NamedTuple):
    """A metric in short: its shape, and the last value of each column by name, ready for JSON."""

    shape: MetricShape
    lasts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return it as a server answers."""
        columns = [{**column._asdict(), "last": self.lasts[column.name]} for column in self.shape.columns]
        return {**self.shape._asdict(), "columns": columns}


def is_plain(kind: str) -> bool:
    """Whether the values of a metric of a kind come one by one."""
    return kind in ("log", "list")


def index_name(kind: str, logged: Sequence[ColumnShape]) -> str | None:
    """Return the name of the index that goes before a metric's logged columns; None if they have an x of their own."""
    if not is_plain(kind) and sum(column.type == "number" for column in logged) >= 2:
        return None
    name = "step" if kind == "log" else "row"
    return "#" if any(column.name == name for column in logged) else name
