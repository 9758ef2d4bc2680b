"""From what users log to what an event holds: float, int, str, bool or None, nothing lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sized
from decimal import Decimal
from itertools import islice
from math import inf, isinf, nan
from numbers import Integral, Real
from typing import Any

from cellrun.core.errors import InvalidMetricError, UserErrorException, shown
from cellrun.core.resources import limits
from cellrun.core.store.events.event_line import Value

Notice = Callable[[Any], None]
"""Told of a value that is kept as text only."""

_AS_IS = frozenset({float, str, bool, type(None)})
_TEXT_CHARS = 10_000  # of what wasn't text
_MOST_INT_BITS = 14_000  # Python itself refuses to read or write more than 4,300 digits


def plain(name: str, value: Any) -> Value:
    """Return a value as one that can be stored, exact.

    Numbers of numpy and torch become Python's, and so does an array or tensor of one element; a Decimal or Fraction the
    nearest float. Anything that is no real number, text or None becomes its repr, as with Azure ML, cut to a readable
    length. Raises InvalidMetricError for a number out of range.
    """
    kind = type(value)
    if kind in _AS_IS or (kind is int and _is_int_in_range(value)):  # the usual first: this is in every log call
        return value  # type: ignore[no-any-return]
    if isinstance(value, Integral):
        return _plain_int(name, value)
    if isinstance(value, (Real, Decimal)):
        return _plain_float(name, value)
    if isinstance(value, str):
        return str(value)
    scalar = _scalar(value)
    return plain(name, scalar) if scalar is not value and _is_plain(scalar) else text_of(value)


def is_plain(value: Any) -> bool:
    """Whether a value is a real number, text or None, in whatever library's form, and not what is kept as its repr."""
    return _is_plain(_scalar(value))


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, Real, Decimal))


def plain_list(name: str, values: Any, notice: Notice | None = None) -> list[Value]:
    """Return the values of one log_list call: any iterable, array or tensor of one dimension.

    `notice` is told of what is kept as text. Raises UserErrorException if it isn't one, InvalidMetricError for a list
    in it or more values than the limit.
    """
    if is_frame(values):
        raise UserErrorException(
            f"metric {shown(name)}: log_list takes a list of values; got a {type(values).__name__}: "
            f"run.log_table({shown(name)}, value) keeps its columns"
        )
    if getattr(values, "shape", None) == () and is_plain(values):  # an array of one number, and no dimension
        values = [values]
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise UserErrorException(
            f"metric {shown(name)}: log_list takes a list of values; got {type(values).__name__} {shown(values)}"
        )
    return _plain_values(name, "a value of a list", values, notice)


def _plain_values(name: str, place: str, values: Iterable[Any], notice: Notice | None) -> list[Value]:
    most = limits().call_values
    listed = list(islice(_listed(values), most + 1))
    if len(listed) > most:
        given = f"{len(values):,}" if isinstance(values, Sized) else f"more than {most:,}"
        raise InvalidMetricError(
            name, f"one call holds {given} values, the limit is {most:,} (CELLRUN_CALL_VALUES); log it in parts"
        )
    kinds = set(map(type, listed))
    if kinds <= _AS_IS or (kinds == {int} and _is_int_in_range(min(listed)) and _is_int_in_range(max(listed))):
        return listed
    return [_cell(name, place, value, notice) for value in listed]


def plain_row(name: str, columns: Mapping[str, Any], notice: Notice | None = None) -> dict[str, Value]:
    """Return the cells of one row; `notice` is told of what is kept as text.

    Raises InvalidMetricError for a cell that is a list.
    """
    return {
        column: value if type(value) in _AS_IS else _cell(name, f"column {shown(column)}", value, notice)
        for column, value in columns.items()
    }


def plain_table(name: str, columns: Any, notice: Notice | None = None) -> dict[str, list[Value]]:
    """Return the columns of a table, all of one length; a column that is a single value is a table of one row.

    Takes a dict, a DataFrame or a Series; an index that is more than the rows' numbers is its first column. `notice` is
    told of what is kept as text. Raises UserErrorException for anything else, InvalidMetricError if lengths differ.
    """
    if hasattr(type(columns), "to_frame") and not is_frame(columns):  # a Series
        columns = columns.to_frame(name=name if columns.name is None else columns.name)
    if is_frame(columns):
        columns = _columns_of_frame(name, columns)
    if not isinstance(columns, Mapping):
        raise UserErrorException(
            f"metric {shown(name)}: log_table takes a dict of columns, {{'x': [1, 2], 'y': [3, 4]}}, or a DataFrame; "
            f"got {type(columns).__name__} {shown(columns)}"
        )
    columns = _by_text(name, columns)
    listed = {column: _column(name, column, values, notice) for column, values in columns.items()}
    lengths = {column: len(values) for column, values in listed.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{shown(column)} has {length:,}" for column, length in lengths.items())
        raise InvalidMetricError(name, f"columns of a table have the same length; got {told}")
    return listed


def is_frame(value: Any) -> bool:
    """Whether a value is a DataFrame, pandas' or polars'."""
    return all(hasattr(type(value), name) for name in ("columns", "dtypes", "to_dict"))


def _columns_of_frame(name: str, frame: Any) -> dict[str, Any]:
    if len(set(map(str, frame.columns))) < len(frame.columns):  # the same name twice: `frame[name]` is a frame
        raise _not_apart(name, frame.columns)
    table = {column: frame[column] for column in frame.columns}
    index = getattr(frame, "index", None)  # polars' have none
    if index is None or type(index).__name__ == "RangeIndex":
        return table
    several = index.nlevels > 1  # named as pandas' reset_index names them
    names = [str(name or (f"level_{number}" if several else "index")) for number, name in enumerate(index.names)]
    return {**{name: index.get_level_values(number) for number, name in enumerate(names)}, **table}


def _by_text(name: str, columns: Mapping[Any, Any]) -> dict[str, Any]:
    """Return columns by their names as text: those of a frame may be anything, also a CSV's empty corner."""
    table = {str(column) or "unnamed": values for column, values in columns.items()}
    if len(table) < len(columns):
        raise _not_apart(name, columns)
    return table


def _not_apart(name: str, columns: Iterable[Any]) -> InvalidMetricError:
    return InvalidMetricError(name, f"columns of a table have names of their own; got {shown([*columns])}")


def _column(name: str, column: str, values: Any, notice: Notice | None) -> list[Value]:
    place = f"a value of column {shown(column)}"
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable) or is_plain(values):
        return [_cell(name, place, values, notice)]
    return _plain_values(name, place, values, notice)


def _cell(name: str, place: str, value: Any, notice: Notice | None) -> Value:
    kind = type(value)
    if (
        kind is not int
        and kind not in _AS_IS
        and (
            isinstance(value, (list, tuple, set, range, Mapping))
            or (getattr(_scalar(value), "shape", ()) != () and not isinstance(value, type))
        )
    ):
        raise InvalidMetricError(
            name, f"{place} is one number or text, not a {type(value).__name__}; got {shown(value)}"
        )
    kept = plain(name, value)
    if notice and type(kept) is str and not (is_plain(value) or hasattr(type(value), "isoformat")):
        notice(value)  # a date is text by nature
    return kept


def _listed(values: Iterable[Any]) -> Any:
    """Return Python's own values of an array or tensor; anything else as it is."""
    convert = getattr(values, "tolist", None)
    return convert() if convert is not None and getattr(values, "shape", ()) != () else values


def _scalar(value: Any) -> Any:
    """Return the Python value of an array or tensor of one element, None if it is masked; anything else as it is."""
    try:
        # of its class: a `__getattr__` of a dict of settings makes whatever it is asked for, and keeps it
        shape = getattr(value, "shape", None) if hasattr(type(value), "shape") else None
        if isinstance(value, type) or not isinstance(shape, Iterable) or any(side != 1 for side in shape):
            return value
        if not hasattr(value, "item") and hasattr(value, "numpy"):  # TensorFlow's
            value = value.numpy()
        if hasattr(value, "tolist"):  # of what is masked it gives None, `item` what lies below the mask
            value = value.tolist()
            for _ in shape:
                value = value[0]
            return value
        return value.item() if hasattr(value, "item") else value
    except Exception:  # noqa: BLE001  # whatever a stranger's raises, such as a tensor without data
        return value


def text_of(value: Any) -> str:
    """Return the text that is kept of what is no number: its repr, a date's ISO form, cut to a readable length."""
    try:
        text = value.isoformat() if hasattr(type(value), "isoformat") else repr(value)  # dates and times
    except Exception:  # noqa: BLE001  # whatever a stranger's repr raises: a training doesn't end because of it
        text = object.__repr__(value)
    return text if len(text) <= _TEXT_CHARS else f"{text[: _TEXT_CHARS - 1]}…"


def _is_int_in_range(value: int) -> bool:
    return value.bit_length() <= _MOST_INT_BITS


def _plain_int(name: str, value: Any) -> int:
    number = int(value)
    if not _is_int_in_range(number):
        problem = f"an int has {_MOST_INT_BITS:,} bits at most, got one of {number.bit_length():,}; log it as text"
        raise InvalidMetricError(name, problem)
    return number


def _plain_float(name: str, value: Any) -> float:
    if isinstance(value, Decimal) and value.is_nan():
        return nan  # a signalling one refuses to become a float
    try:
        number = float(value)
    except OverflowError:  # a Fraction
        number = inf
    if isinf(number) and number != value:
        raise InvalidMetricError(name, f"this {type(value).__name__} is beyond what a float holds; log it as text")
    return number
