"""Conditions over columns: `dataset["age"] > 30`, kept as JSON, asked of Arrow's columns or of one file."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timezone
from typing import Any

from cellrun.core.errors import DatasetError, shown

_SPELLED = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_COMPARED = {name: getattr(operator, name) for name in _SPELLED}
_OF_ARROW = {
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "and": "and_kleene",
    "or": "or_kleene",
    "not": "invert",
}
_OF_FILES = ("Size", "LastModifiedTime", "Extension")
_OF_TEXT: Mapping[str, tuple[str, Callable[[str, str], bool]]] = {
    "contains": ("match_substring", lambda text, part: part in text),
    "startswith": ("starts_with", str.startswith),
    "endswith": ("ends_with", str.endswith),
}


class ColumnExpression:
    """A condition, or a column that one is made of: compared, and joined by `&`, `|` and `~`."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def to_json(self) -> Any:
        """Return it as JSON has it."""
        return self._data

    def __eq__(self, other: object) -> ColumnExpression:  # type: ignore[override]  # a condition, as in pandas
        return self._compared("eq", other)

    def __ne__(self, other: object) -> ColumnExpression:  # type: ignore[override]  # as above
        return self._compared("ne", other)

    def __lt__(self, other: object) -> ColumnExpression:
        return self._compared("lt", other)

    def __le__(self, other: object) -> ColumnExpression:
        return self._compared("le", other)

    def __gt__(self, other: object) -> ColumnExpression:
        return self._compared("gt", other)

    def __ge__(self, other: object) -> ColumnExpression:
        return self._compared("ge", other)

    def __and__(self, other: object) -> ColumnExpression:
        return ColumnExpression(["and", _condition(self), _condition(other)])

    def __or__(self, other: object) -> ColumnExpression:
        return ColumnExpression(["or", _condition(self), _condition(other)])

    def __invert__(self) -> ColumnExpression:
        return ColumnExpression(["not", _condition(self)])

    def contains(self, part: str) -> ColumnExpression:
        """Return the condition that a text has a part."""
        return self._of_text("contains", part)

    def startswith(self, part: str) -> ColumnExpression:
        """Return the condition that a text begins with another."""
        return self._of_text("startswith", part)

    def endswith(self, part: str) -> ColumnExpression:
        """Return the condition that a text ends with another."""
        return self._of_text("endswith", part)

    def is_null(self) -> ColumnExpression:
        """Return the condition that there is no value."""
        return ColumnExpression(["is_null", self._data])

    def __bool__(self) -> bool:
        raise DatasetError("a condition over columns has no truth value of its own: join two by &, | or ~, in brackets")

    __hash__ = None  # type: ignore[assignment]  # equality makes a condition

    def __repr__(self) -> str:
        return _text(self._data)

    def _compared(self, name: str, other: object) -> ColumnExpression:
        return ColumnExpression([name, self._data, _value(other)])

    def _of_text(self, name: str, part: object) -> ColumnExpression:
        if not isinstance(part, str):
            raise DatasetError(f"{name} takes a text; got {shown(part)}")
        return ColumnExpression([name, self._data, {"value": part}])


def column(name: str) -> ColumnExpression:
    """Return a column by its name."""
    return ColumnExpression({"column": name})


def file_metadata(name: str) -> ColumnExpression:
    """Return what is known of a file: its Size in bytes, its LastModifiedTime (UTC), its Extension."""
    if name not in _OF_FILES:
        raise DatasetError(f"of a file {', '.join(_OF_FILES)} are known; got {shown(name)}")
    return ColumnExpression({"metadata": name})


def condition_json(given: object) -> Any:
    """Return a condition that a user gave, as JSON has it. Raises DatasetError."""
    return _condition(given)


def columns_of(data: Any) -> set[str]:
    """Return the columns that a condition asks."""
    return {part["column"] for part in _parts(data) if isinstance(part, dict) and "column" in part}


def mask(data: Any, column_named: Callable[[str], Any]) -> Any:
    """Return for which rows a condition holds: an Arrow array, or Arrow's own expression, by what a column is."""
    import pyarrow as pa  # noqa: PLC0415  # its maker has loaded it
    import pyarrow.compute as pc  # noqa: PLC0415  # as above

    if isinstance(data, dict):
        return column_named(data["column"]) if "column" in data else _plain(data)
    name, *given = data
    values = [mask(one, column_named) for one in given]
    try:
        if name in _OF_TEXT:
            return getattr(pc, _OF_TEXT[name][0])(values[0], values[1])
        if name == "is_null":
            return pc.is_null(values[0], nan_is_null=True)
        if name in _COMPARED:
            values = [_like(value, values[1 - n]) for n, value in enumerate(values)]
        return getattr(pc, _OF_ARROW[name])(*values)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        told = ", ".join(str(value.type) for value in values if hasattr(value, "type"))
        raise DatasetError(
            f"the condition {_text(data)} can't be asked of values of the types {told}; set_column_types gives a "
            "column another one"
        ) from error


def holds(data: Any, value_named: Callable[[Mapping[str, str]], Any]) -> bool:
    """Return whether a condition holds of a file, by what is known of it; what isn't known makes it false."""
    return _holds(data, value_named) is True


def _holds(data: Any, value_named: Callable[[Mapping[str, str]], Any]) -> Any:
    if isinstance(data, dict):
        return value_named(data) if "column" in data or "metadata" in data else _plain(data)
    name, *given = data
    values = [_holds(one, value_named) for one in given]
    if name == "is_null":
        return values[0] is None
    if name in {"and", "or"}:
        decides = name == "or"
        return decides if decides in values else None if None in values else not decides
    if None in values:
        return None
    if name == "not":
        return not values[0]
    test = _OF_TEXT[name][1] if name in _OF_TEXT else _COMPARED[name]
    try:
        return test(*values)
    except TypeError as error:
        kinds = " and ".join(type(value).__name__ for value in values)
        raise DatasetError(f"the condition {_text(data)} can't be asked of {kinds}") from error


def _condition(given: object) -> Any:
    if isinstance(given, ColumnExpression) and isinstance(given.to_json(), list):
        return given.to_json()
    raise DatasetError(
        f"a condition compares columns, as in dataset['age'] > 30, joined by & and | with each in brackets; got "
        f"{shown(given)}"
    )


def _value(given: Any) -> Any:
    if isinstance(given, ColumnExpression):
        return given.to_json()
    if isinstance(given, datetime):
        naive = given if given.tzinfo is None else given.astimezone(timezone.utc).replace(tzinfo=None)
        return {"time": naive.isoformat()}
    if isinstance(given, date):
        return {"time": datetime(given.year, given.month, given.day).isoformat()}  # noqa: DTZ001  # columns have no zone
    plain = getattr(given, "item", lambda: given)()  # NumPy's scalars
    if plain is None:
        raise DatasetError("a column is compared with a value; .is_null() asks whether there is none")
    if isinstance(plain, (str, bool, int, float)):
        return {"value": plain}
    raise DatasetError(f"a column is compared with a number, a text, a truth value or a time; got {shown(given)}")


def _plain(data: Mapping[str, Any]) -> Any:
    return datetime.fromisoformat(data["time"]) if "time" in data else data["value"]


def _like(value: Any, other: Any) -> Any:
    """Return a time as one of the other side's type: columns may have a zone, and no condition has."""
    import pyarrow as pa  # noqa: PLC0415  # its caller has loaded it

    kind = getattr(other, "type", None)
    if isinstance(value, datetime) and kind is not None and pa.types.is_timestamp(kind) and kind.tz:
        return pa.scalar(value.replace(tzinfo=timezone.utc), pa.timestamp("us", kind.tz))
    return value


def _parts(data: Any) -> Iterator[Any]:
    yield data
    if isinstance(data, list):
        for one in data[1:]:
            yield from _parts(one)


def _text(data: Any) -> str:
    if isinstance(data, dict):
        if "metadata" in data:
            return f"dataset.file_metadata({data['metadata']!r})"
        return f"dataset[{data['column']!r}]" if "column" in data else repr(_plain(data))
    name, *given = data
    parts = list(map(_text, given))
    if name in _SPELLED:
        return f"({parts[0]} {_SPELLED[name]} {parts[1]})"
    if name in {"and", "or"}:
        return f"({parts[0]} {'&' if name == 'and' else '|'} {parts[1]})"
    return f"~{parts[0]}" if name == "not" else f"{parts[0]}.{name}({', '.join(parts[1:])})"
