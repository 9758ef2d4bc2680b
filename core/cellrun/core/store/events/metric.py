"""One metric of a run, as columns."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cellrun.core.store.events.column import Column, nearest_float
from cellrun.core.store.events.event_line import Value, decode_value, typed
from cellrun.core.store.events.metric_shape import ColumnShape, MetricHead, MetricShape, index_name, is_plain

if TYPE_CHECKING:  # views alone load it: a job that asks for its own metrics needn't
    import numpy as np
    from numpy.typing import NDArray

NO_RANK = -1


class Metric:
    """What was logged under one name: rows of columns, in the order in which they were logged.

    A plain metric has one column, which has the metric's name. Values come in as a JSON parser gave them.
    """

    __slots__ = ("_restarts", "attempts", "columns", "kind", "name", "ranks", "rows", "steps", "times")

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        """What it was logged by: log, list, row or table; row once rows came to plain values."""
        self.columns: dict[str, Column] = {}
        self.rows = 0
        self.times = array("d")
        """By row, when it was logged, epoch seconds."""
        self.steps: array[float] | None = None
        """By row, the step that was given (NaN where none was); None if none ever was."""
        self.ranks: array[int] | None = None
        """By row, the rank in a distributed training of the process that logged it (NO_RANK where it has none); None
        if none ever had one."""
        self.attempts: list[tuple[int, int]] = []
        """Each start of the run by its engine but the first: its number, from 2 on, and its first row here."""
        self._restarts: list[int] = []

    def begin_attempt(self, number: int, row: int) -> None:
        """Note from which row on the values are those of another start of the run; nothing for what is noted."""
        if number > (self.attempts[-1][0] if self.attempts else 1):
            self.attempts.append((number, row))
            self._restarts.append(row)

    def add_column(self, name: str, column: Column) -> Column:
        """Add a column that has as many rows as this has."""
        column.restarts = self._restarts
        self.columns[name] = column
        return column

    def add_values(
        self, times: list[float], values: list[Any], steps: Sequence[Any] = (), ranks: Sequence[int] = ()
    ) -> None:
        """Add plain values, each with its time, and maybe its step and the rank of who logged it."""
        if not values:
            return
        self._column(self.name).extend(values)
        if any(rank != NO_RANK for rank in ranks):
            self._begun_ranks().extend(ranks)
        if any(step is not None for step in steps):
            self._add_steps(steps)
        self.times.extend(times)
        self.rows += len(values)
        self._pad(times[-1])

    def add_row(self, at: float, cells: Mapping[str, Any], rank: int = NO_RANK) -> None:
        """Add one row."""
        self._become("row")
        for name, value in cells.items():
            self._column(name).append(value)
        self.rows += 1
        self._pad(at, rank)

    def add_table(self, at: float, columns: Mapping[str, list[Any]], rank: int = NO_RANK) -> None:
        """Add the rows of a table."""
        self._become("table")
        for name, values in columns.items():
            self._column(name).extend(values)
        self.rows += max(map(len, columns.values()), default=0)
        self._pad(at, rank)

    def plain(self) -> Value | list[Value] | dict[str, Any]:
        """Return the values as Azure ML's `get_metrics` does: one as itself, several as a list, rows by column."""
        if is_plain(self.kind):
            return _plain(self.columns[self.name], self.rows)
        return {name: _plain(column, self.rows) for name, column in self.columns.items()}

    @property
    def index_name(self) -> str | None:
        """The name of the index that goes before the logged columns; None where one of these is the x."""
        return index_name(self.kind, self._logged())

    @property
    def shape(self) -> MetricShape:
        """Its columns, an index before those that were logged where none of these is the x."""
        logged = self._logged()
        index = index_name(self.kind, logged)
        columns = logged if index is None else [ColumnShape(index, "number"), *logged]
        return MetricShape(self.name, self.kind, self.rows, columns)

    @property
    def head(self) -> MetricHead:
        """Its shape, and its last values."""
        shape = self.shape
        return MetricHead(shape, {column.name: self.last(column.name) for column in shape.columns})

    def last(self, name: str) -> Any:
        """Return the last value of a column, or of the index, ready for JSON."""
        if name in self.columns:
            return typed(self.columns[name].last)
        return typed(float(self.index(self.rows - 1)[0])) if self.rows else None

    def index(self, start: int = 0) -> NDArray[np.float64]:
        """Return each row's step from a row on; where none was given, its number."""
        import numpy as np  # noqa: PLC0415  # see above

        counted = np.arange(start, self.rows, dtype=np.float64)
        if self.steps is None:
            return counted
        steps = np.asarray(self.steps[start:])
        return np.where(np.isnan(steps), counted, steps)

    def numbers(self, start: int = 0) -> dict[str, NDArray[np.float64]]:
        """Return the numbers of each column that has any, by name, from a row on; an index comes first."""
        import numpy as np  # noqa: PLC0415  # see above

        index = self.index_name
        found = {} if index is None else {index: self.index(start)}
        logged = {name: column for name, column in self.columns.items() if column.has_number}
        return {**found, **{name: np.asarray(column.numbers(start)) for name, column in logged.items()}}

    def _logged(self) -> list[ColumnShape]:
        """Return the columns that were logged. Only of rows is their order looked at: all else is over an index."""
        is_ordered = is_plain(self.kind)
        return [
            ColumnShape(name, column.type, is_ordered or column.is_ordered) for name, column in self.columns.items()
        ]

    def _column(self, name: str) -> Column:
        column = self.columns.get(name)
        if column is None:
            column = self.add_column(name, Column(self.rows))
        return column

    def _become(self, kind: str) -> None:
        if is_plain(self.kind):
            self.kind = kind

    def _add_steps(self, steps: Sequence[Any]) -> None:
        if self.steps is None:
            self.steps = array("d", [math.nan] * self.rows)
        self.steps.extend(math.nan if step is None else nearest_float(decode_value(step)) for step in steps)  # type: ignore[arg-type]

    def _begun_ranks(self) -> array[int]:
        """Return the ranks of the rows so far, of which none had one until now."""
        if self.ranks is None:
            self.ranks = array("i", [NO_RANK]) * len(self.times)
        return self.ranks

    def _pad(self, at: float, rank: int = NO_RANK) -> None:
        """Bring what belongs to each row to the number of rows."""
        if rank != NO_RANK or self.ranks is not None:
            ranks = self._begun_ranks()
            ranks.extend([rank] * (self.rows - len(ranks)))
        for column in self.columns.values():
            column.pad(self.rows)
        self.times.extend([at] * (self.rows - len(self.times)))
        if self.steps is not None:
            self.steps.extend([math.nan] * (self.rows - len(self.steps)))


def _plain(column: Column, rows: int) -> Value | list[Value]:
    values = column.values()
    return values[0] if rows == 1 else values
