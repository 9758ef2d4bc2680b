"""The types of a table's columns: given by the user, or inferred from the first rows, and widened by later ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cellrun.core.data.tables.data_type import BOOL, DATETIME, FLOAT, LONG, STRING, DataType
from cellrun.core.errors import DatasetError

TIME = pa.timestamp("us")
_ARROW = {STRING: pa.string(), LONG: pa.int64(), FLOAT: pa.float64(), BOOL: pa.bool_(), DATETIME: TIME}
_GUESSED = (pa.int64(), pa.float64(), pa.bool_(), TIME)
_ZONE = r":.*(Z|[+-]\d\d:?\d\d)$"
_LONG_NUMBER = r"^\s*[-+]?\d{19,}\s*$"
_UNFIT = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError)


class TypesChangedError(Exception):
    """A column is of another type than what was given out of it: it has to be read again."""


class ColumnTypes:
    """The types of a table's columns, which know more the more of it was read."""

    def __init__(self, given: Mapping[str, Any], *, is_guessed: bool) -> None:
        self._given = {name: DataType.from_json(kind) for name, kind in given.items()}
        self._known: dict[str, pa.DataType] = {}
        self._is_guessed = is_guessed
        self.unfit: Counter[str] = Counter()
        """How many values of a column aren't of the type that the user gave it."""
        self.is_settling = False
        """Whether all is read for the types alone: nothing was given out yet."""

    def as_text(self) -> set[str]:
        """Return the columns that are texts, whatever single values look like."""
        return {name for name, kind in self._known.items() if kind == pa.string()}

    def typed(self, name: str, values: Any) -> Any:
        """Return a column's next values in its type. Raises TypesChangedError, DatasetError."""
        values = _plain(values)
        if name in self._given:
            return self._as_given(name, values)
        known = self._known.get(name, pa.null())
        if values.null_count == len(values):
            return pa.nulls(len(values), known)
        is_text = values.type == pa.string()
        if not pa.types.is_null(known):
            found = _text_as(values, known) if is_text and self._is_guessed else cast(values, known)
            if found is not None:
                return found
        own = guessed(values) if is_text and self._is_guessed else values.type
        wider = _wider(known, own, name)
        self._known[name] = wider
        if wider == pa.string() and not pa.types.is_null(known) and not self.is_settling:
            raise TypesChangedError  # what was given out of it were numbers, say: their texts are lost
        found = _text_as(values, wider) if is_text else cast(values, wider)
        return values if found is None else found

    def _as_given(self, name: str, values: Any) -> Any:
        kind = self._given[name]
        wanted = _ARROW[kind.kind]
        if values.type != pa.string():
            found = cast(values, wanted)
            if found is None:
                raise DatasetError(f"the column {name!r} holds {values.type}, which can't be made {kind!r}")
            return found
        found = None
        if not kind.formats:
            decimal = kind.decimal_mark
            text = (
                values if decimal == "." else pc.replace_substring(pc.replace_substring(values, ".", ""), decimal, ".")
            )
            found = _text_as(text, wanted, is_told=True)
        if found is None:
            found = pa.array([_each(text, kind) for text in values.to_pylist()], wanted)
        self.unfit[name] += found.null_count - values.null_count
        return found


def guessed(values: Any) -> pa.DataType:
    """Return the type that all texts of a column can be read as."""
    few = values.slice(0, 100)  # each value that can't be cast costs far more than one that can
    for kind in _GUESSED:
        if _text_as(few, kind) is not None and _text_as(values, kind) is not None:
            has_long = kind == pa.float64() and pc.any(pc.match_substring_regex(values, _LONG_NUMBER)).as_py()
            return pa.string() if has_long else kind  # more digits than a float keeps: an identifier, most likely
    return pa.string()


def _text_as(values: Any, kind: pa.DataType, *, is_told: bool = False) -> Any:
    """Return texts in a type, None if not all of them are of it."""
    if kind == pa.string():
        return values
    if kind == pa.bool_():
        lower = pc.utf8_lower(pc.utf8_trim_whitespace(values))
        accepted = pa.array(["true", "false", "1", "0"] if is_told else ["true", "false"])
        fits = pc.or_(pc.is_in(lower, accepted), pc.is_null(lower))
        if not pc.all(fits).as_py():
            return None
        return cast(lower, kind)
    for text in (values, pc.utf8_trim_whitespace(values)):
        found = _time(text) if kind == TIME else cast(text, kind)
        if found is not None:
            is_hex = kind == pa.int64() and pc.any(pc.match_substring(text, "x", ignore_case=True)).as_py()
            return None if is_hex else found
    return None


def _time(texts: Any) -> Any:
    for kind in (TIME, pa.timestamp("us", "UTC"), pa.timestamp("ns"), pa.timestamp("ns", "UTC")):
        found = cast(texts, kind)
        if found is not None:
            return pc.cast(found, TIME, safe=False)
    has_zone = pc.match_substring_regex(texts, _ZONE)
    if not pc.any(has_zone).as_py() or pc.all(has_zone).as_py():  # all of one kind, and no times
        return None
    parts = [_time(pc.if_else(which, texts, pa.scalar(None, pa.string()))) for which in (has_zone, pc.invert(has_zone))]
    return None if any(part is None for part in parts) else pc.coalesce(*parts)


def cast(values: Any, kind: pa.DataType) -> Any:
    """Return values in another type, None where some can't be; large integers lose digits as floats."""
    if values.type == kind:
        return values
    try:
        return pc.cast(values, kind, safe=not (pa.types.is_integer(values.type) and pa.types.is_floating(kind)))
    except _UNFIT:
        return None


def _plain(values: Any) -> Any:
    """Return values in a type of those that are told apart here."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _plain(values.dictionary_decode())
    if pa.types.is_large_string(kind) or str(kind) == "string_view":
        return pc.cast(values, pa.string())
    if pa.types.is_timestamp(kind) and kind.unit == "s":
        return pc.cast(values, pa.timestamp("us", kind.tz))
    if pa.types.is_integer(kind) and not pa.types.is_uint64(kind):
        return pc.cast(values, pa.int64())
    return values


def _wider(one: pa.DataType, other: pa.DataType, name: str) -> pa.DataType:
    if one == other or pa.types.is_null(one):
        return other
    numbers = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in (one, other)]
    if all(numbers):
        return pa.float64()
    if pa.types.is_timestamp(one) and pa.types.is_timestamp(other) and one.tz == other.tz:
        return pa.timestamp("ns", one.tz)
    if any(pa.types.is_nested(kind) or pa.types.is_binary(kind) for kind in (one, other)):
        raise DatasetError(f"the column {name!r} holds {one} in one place and {other} in another")
    return pa.string()


def _each(text: str | None, kind: DataType) -> Any:
    if text is None:
        return None
    for read in _READ[kind.kind](kind):
        try:
            return read(text.strip())
        except (ValueError, KeyError):
            continue
    return None


def _long(text: str) -> int:
    number = int(text) if text.lstrip("+-").isdecimal() else float(text)
    if number != int(number) or not -(2**63) <= number < 2**63:
        raise ValueError(text)
    return int(number)


def _of_format(form: str) -> Callable[[str], datetime]:
    def read(text: str) -> datetime:
        found = datetime.strptime(text, form)  # noqa: DTZ007  # columns have no zone
        return found if found.tzinfo is None else found.astimezone(timezone.utc).replace(tzinfo=None)

    return read


def _iso(text: str) -> datetime:
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo is None else found.astimezone(timezone.utc).replace(tzinfo=None)


_BOOLS = {"true": True, "false": False, "1": True, "0": False}
_READ: Mapping[str, Callable[[DataType], list[Callable[[str], Any]]]] = {
    STRING: lambda _: [str],
    LONG: lambda _: [_long],
    FLOAT: lambda kind: [
        lambda text: float(text.replace("." if kind.decimal_mark != "." else "", "").replace(kind.decimal_mark, "."))
    ],
    BOOL: lambda _: [lambda text: _BOOLS[text.lower()]],
    DATETIME: lambda kind: [_of_format(form) for form in kind.formats] or [_iso],
}
