"""One record of an event log: a line with its checksum, and how values are written in it.

Standard library only and cheap to import. A line is the crc32 of its body as 8 hex digits, a blank, the body (one JSON
object, ASCII), and a newline. Values are JSON's own where JSON has them; the others carry their type:
{"float": "NaN" | "Infinity" | "-Infinity"} and {"int": "<digits>"} for ints that a JavaScript reader would round.
"""

from __future__ import annotations

from json import JSONEncoder
from json.encoder import encode_basestring_ascii
from math import isfinite, isnan
from typing import Any, TypeAlias
from zlib import crc32

Value: TypeAlias = float | int | str | bool | None
"""What a metric's cell can hold."""

EXACT_INT = 2**53
"""Up to here, and down to its negative, every int is a float too, and so safe in any JSON reader."""

VERSION = 1

_strict_json = JSONEncoder(allow_nan=False, separators=(",", ":")).encode
encode_text = encode_basestring_ascii
"""Return a text as JSON text."""

_float_text = float.__repr__  # the shortest text that reads back as the same float
_NON_FINITE = {"nan": '{"float":"NaN"}', "inf": '{"float":"Infinity"}', "-inf": '{"float":"-Infinity"}'}
_PLAIN = frozenset({float, int, str, bool, type(None)})
_FLOATS = frozenset({"NaN", "Infinity", "-Infinity"})
_MOST_DIGITS = 4300  # more Python itself refuses to read
_NAMES = {None: "null", True: "true", False: "false"}


def encode_value(value: Value) -> str:
    """Return a value as JSON text."""
    kind = type(value)
    if kind is float:
        return _float_text(value) if isfinite(value) else _NON_FINITE[_float_text(value)]  # type: ignore[arg-type]
    if kind is int:
        return str(value) if -EXACT_INT <= value <= EXACT_INT else f'{{"int":"{value}"}}'  # type: ignore[operator]
    if kind is str:
        return encode_text(value)  # type: ignore[arg-type]
    return _NAMES[value]  # type: ignore[index]


def encode_values(values: list[Value]) -> str:
    """Return a list of values as JSON text: all at once where JSON has them, for that is several times as fast."""
    if are_exact(values):
        try:
            return _strict_json(values)
        except ValueError:  # a float that JSON hasn't
            pass
    return f"[{','.join(map(encode_value, values))}]"


def is_exact(value: Value) -> bool:
    """Whether a value stands in JSON as it is: an int beyond what floats hold exactly doesn't."""
    return type(value) is not int or -EXACT_INT <= value <= EXACT_INT


def are_exact(values: list[Value]) -> bool:
    """Whether `is_exact` is so for all of them."""
    kinds = set(map(type, values))
    if kinds == {int}:
        return is_exact(min(values)) and is_exact(max(values))  # type: ignore[type-var]
    return int not in kinds or all(map(is_exact, values))


def typed(value: Value) -> Any:
    """Return a value as what any JSON encoder writes as `encode_value` does."""
    if type(value) is float and not isfinite(value):
        return {"float": "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if not is_exact(value):
        return {"int": str(value)}
    return value


def decode_value(parsed: Any) -> Value:
    """Return the value that a JSON parser's result stands for."""
    if type(parsed) is dict:
        return float(parsed["float"]) if "float" in parsed else int(parsed["int"])
    return parsed  # type: ignore[no-any-return]  # JSON's own


def is_encoded(parsed: Any) -> bool:
    """Whether a JSON parser's result stands for a value: `decode_value` returns it then."""
    if type(parsed) is not dict:
        return type(parsed) in _PLAIN
    text = parsed.get("float") if parsed.keys() == {"float"} else parsed.get("int")
    if len(parsed) != 1 or type(text) is not str:
        return False
    if "float" in parsed:
        return text in _FLOATS
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS


def seal(body: bytes) -> bytes:
    """Return the line of a body."""
    return b"%08x %b\n" % (crc32(body), body)


def open_line(line: bytes) -> bytes | None:
    """Return the body of a line without its newline; None if it is damaged."""
    body = line[9:]
    return body if line[:9] == b"%08x " % crc32(body) else None
