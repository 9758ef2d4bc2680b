"""One column of a metric, kept small: nine bytes a value, and every value comes out as it went in."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any

from cellrun.core.store.events.event_line import Value, decode_value
from cellrun.core.store.events.metric_shape import ColumnType
from cellrun.core.store.events.order import Order

_FLOAT, _INT, _NONE, _TRUE, _FALSE, _OTHER = range(6)
_CONSTANTS = {_NONE: None, _TRUE: True, _FALSE: False}
_KIND_OF_CONSTANT = {None: _NONE, True: _TRUE, False: _FALSE}


class Column:
    """The values of one column, row by row; None where a row hasn't got it.

    Each value is a float64, which is what a chart needs, beside a byte that says what it was; text and ints beyond
    2^53 are kept besides.
    """

    __slots__ = ("_has_large_int", "_has_text", "_kinds", "_numbers", "_order", "_ordered", "_others", "restarts")

    def __init__(self, rows: int = 0) -> None:
        self._numbers = array("d")
        self._kinds = bytearray()
        self._others: dict[int, Value] = {}
        self._has_large_int = False
        self._has_text = False
        self._order = Order()
        self._ordered = 0
        self.restarts: Sequence[int] = ()
        """The rows from which its numbers may run anew, as the run was started again."""
        self.pad(rows)

    def __len__(self) -> int:
        return len(self._kinds)

    @property
    def has_number(self) -> bool:
        """Whether any value is a number, so that there is something to draw."""
        return _FLOAT in self._kinds or _INT in self._kinds or self._has_large_int

    @property
    def has_text(self) -> bool:
        """Whether any value is a text."""
        return self._has_text

    @property
    def type(self) -> ColumnType:
        """`number` as soon as it holds one number, `text` if it holds texts alone, else `other`."""
        if self.has_number:
            return "number"
        return "text" if self._has_text else "other"

    @property
    def is_ordered(self) -> bool:
        """Whether its numbers run up, or down, so that a line can be drawn over them; one more from each restart on."""
        while self._order.is_kept and self._ordered < len(self._numbers):
            if self._ordered in self.restarts:
                self._order = Order()
            end = next((row for row in self.restarts if row > self._ordered), len(self._numbers))
            self._order.add(self._numbers[self._ordered : end])
            self._ordered = end
        return self._order.is_kept

    @property
    def last(self) -> Value:
        """The last value; None if there is none."""
        return self.values(len(self) - 1)[0] if self._kinds else None

    def numbers(self, start: int = 0) -> array[float]:
        """Return the values from a row on as float64: NaN where there is no number (a bool is none)."""
        return self._numbers[start:]

    def values(self, start: int = 0, end: int | None = None) -> list[Value]:
        """Return the values of rows `start` to `end` as they were logged."""
        values: list[Value] = self._numbers[start:end].tolist()  # type: ignore[assignment]
        kinds = self._kinds[start:end]
        if any(kinds):
            for row, kind in enumerate(kinds):
                if kind == _INT:
                    values[row] = int(values[row])  # type: ignore[arg-type]
                elif kind == _OTHER:
                    values[row] = self._others[start + row]
                elif kind:
                    values[row] = _CONSTANTS[kind]
        return values

    def pick(self, rows: Sequence[int]) -> list[Value]:
        """Return the values of some rows as they were logged."""
        numbers, kinds = self._numbers, self._kinds
        return [numbers[row] if kinds[row] == _FLOAT else self.values(row, row + 1)[0] for row in rows]

    def append(self, parsed: Any) -> None:
        """Add one value as a JSON parser gave it."""
        kind = type(parsed)
        if kind is float:
            self._numbers.append(parsed)
            self._kinds.append(_FLOAT)
        elif kind is int:  # what isn't exact as a float comes as a dict
            self._numbers.append(parsed)
            self._kinds.append(_INT)
        else:
            self._append_rare(parsed)

    def extend(self, parsed: list[Any]) -> None:
        """Add several values as a JSON parser gave them."""
        kinds = set(map(type, parsed))
        if kinds in ({float}, {int}):
            self._numbers.extend(parsed)
            self._kinds.extend(bytes([_FLOAT if float in kinds else _INT]) * len(parsed))
        else:
            for value in parsed:
                self.append(value)

    def pad(self, rows: int) -> None:
        """Add None until there are so many rows."""
        missing = rows - len(self._kinds)
        if missing > 0:
            self._numbers.extend([math.nan] * missing)
            self._kinds.extend(bytes([_NONE]) * missing)

    def packed(self) -> tuple[array[float], bytearray, dict[int, Value]]:
        """Return what makes the column up, to be kept: a float and a kind for each row, and what is kept besides."""
        return self._numbers, self._kinds, self._others

    @classmethod
    def unpacked(cls, numbers: array[float], kinds: bytearray, others: dict[int, Value]) -> Column:
        """Return the column of what `packed` gave."""
        made = cls()
        made._numbers, made._kinds, made._others = numbers, kinds, others
        made._has_large_int = any(isinstance(value, int) for value in others.values())
        made._has_text = any(isinstance(value, str) for value in others.values())
        return made

    @classmethod
    def with_gaps(cls, numbers: array[float]) -> Column:
        """Return a column of numbers; NaN stands for none."""
        made = cls()
        made._numbers = numbers
        made._kinds = bytearray(_NONE if number != number else _FLOAT for number in numbers)  # noqa: PLR0124  # NaN
        return made

    def _append_rare(self, parsed: Any) -> None:
        value = decode_value(parsed)
        if isinstance(value, float):
            self._numbers.append(value)
            self._kinds.append(_FLOAT)
        elif isinstance(value, str):
            self._has_text = True
            self._append_other(value, math.nan)
        elif value is None or isinstance(value, bool):
            self._numbers.append(math.nan)
            self._kinds.append(_KIND_OF_CONSTANT[value])
        else:
            self._has_large_int = True
            self._append_other(value, nearest_float(value))

    def _append_other(self, value: Value, number: float) -> None:
        self._others[len(self._kinds)] = value
        self._numbers.append(number)
        self._kinds.append(_OTHER)


def nearest_float(value: float) -> float:
    """Return a number as a float; infinity for an int beyond all floats."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
