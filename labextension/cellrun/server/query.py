"""The parameters in the query of an address: names, types, limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cellrun.core.errors import UserErrorException, shown


@dataclass(frozen=True)
class Parameter:
    """One parameter: how its text is read, and what is expected of it, in words.

    `read` raises ValueError for a text that is none. `many`: it may be given several times, its value is a list.
    `needed`: it can't be left out.
    """

    read: Callable[[str], Any]
    expected: str
    default: Any = None
    many: bool = False
    needed: bool = False


def read_query(given: Mapping[str, list[bytes]], known: Mapping[str, Parameter]) -> dict[str, Any]:
    """Return the values of all parameters, defaults filled in; `given` are the query's words by name.

    Raises UserErrorException for a parameter that isn't known, given twice, or of another type.
    """
    for name in given:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise UserErrorException(f"unknown parameter {shown(name)}; known here: {listed}")
    return {name: _value(name, given.get(name, []), parameter) for name, parameter in known.items()}


def text(most: int = 1000, *, many: bool = False, needed: bool = False) -> Parameter:
    """Return the parameter of a text, or of several."""

    def read(given: str) -> str:
        if len(given) > most:
            raise ValueError
        return given

    return Parameter(read, f"a text of at most {most} characters", [] if many else None, many, needed)


def whole(low: int, high: int, default: int | None = None, *, needed: bool = False) -> Parameter:
    """Return the parameter of a whole number."""

    def read(given: str) -> int:
        # int() takes blanks and underscores, and digits of other scripts; a longer number is beyond all limits
        if not given.isascii() or not given.lstrip("-").isdecimal() or len(given) > 20:
            raise ValueError
        found = int(given)
        if not low <= found <= high:
            raise ValueError
        return found

    return Parameter(read, f"a whole number from {low} to {high}", default, needed=needed)


def number() -> Parameter:
    """Return the parameter of a finite number."""

    def read(given: str) -> float:
        found = float(given)
        if not math.isfinite(found):
            raise ValueError
        return found

    return Parameter(read, "a finite number")


def flag() -> Parameter:
    """Return the parameter of `true` or `false`."""

    def read(given: str) -> bool:
        return {"true": True, "false": False}[given]

    return Parameter(read, "true or false", default=False)


def one_of(*words: str, many: bool = False, needed: bool = False) -> Parameter:
    """Return the parameter of one of several words, or of several of them."""

    def read(given: str) -> str:
        if given not in words:
            raise ValueError
        return given

    return Parameter(read, f"one of {', '.join(words)}", [] if many else None, many, needed)


def _value(name: str, given: list[bytes], parameter: Parameter) -> Any:
    if not given:
        if parameter.needed:
            raise UserErrorException(f"parameter {name!r} is missing; it is {parameter.expected}")
        return parameter.default
    if len(given) > 1 and not parameter.many:
        raise UserErrorException(f"parameter {name!r} is given {len(given)} times; it is {parameter.expected}")
    values = [_read(name, raw, parameter) for raw in given]
    return values if parameter.many else values[0]


def _read(name: str, raw: bytes, parameter: Parameter) -> Any:
    try:
        return parameter.read(raw.decode())
    except (ValueError, KeyError):
        raise UserErrorException(
            f"parameter {name!r} is {parameter.expected}; got {shown(raw.decode(errors='replace'))}"
        ) from None
