"""Finds what inside a value can't be pickled; looked for only after pickling has failed."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from cellrun.core.context.pickling import DeniedError

_MOST_DEPTH = 12


class Culprit(NamedTuple):
    """What can't travel: its path from the variable, as Python would write it as far as it can, and why."""

    path: str
    why: str


def find_culprit(name: str, value: object, error: Exception, attempt: Callable[[object], Exception | None]) -> Culprit:
    """Return the innermost thing in a value that can't be pickled; `attempt` pickles and returns what went wrong."""
    path, seen = name, {id(value)}
    for _ in range(_MOST_DEPTH):
        if isinstance(error, DeniedError) and error.value is value:  # what it is made of tells no more
            break
        for step, child in _children(value):
            child_error = None if id(child) in seen else attempt(child)
            if child_error is not None:
                path, value, error = step.format(path), child, child_error
                seen.add(id(child))
                break
        else:
            break
    is_inside = path != name
    return Culprit(path if is_inside else "", _reason(value, error, is_inside=is_inside))


def _reason(value: object, error: Exception, *, is_inside: bool) -> str:
    kind = f" ({type(value).__name__})" if is_inside else ""
    if not isinstance(error, DeniedError):
        return f"not to be pickled{kind}: {error}"
    return f"{error.why}{kind}" if error.value is value else f"not to be pickled{kind}: it holds {error}"


def _children(value: Any) -> Iterator[tuple[str, object]]:
    """Iterate over what a value holds, with a pattern that makes its path of the value's path."""
    if isinstance(value, Mapping):
        yield from ((f"{{}}[{_braced(repr(key))}]", item) for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"{{}}[{number}]", item) for number, item in enumerate(value))
    elif isinstance(value, (set, frozenset)):
        yield from ((f"{{}}[{_braced(repr(item))}]", item) for item in value)
    elif isinstance(value, types.FunctionType):
        yield from ((f"{{}}.__defaults__[{number}]", item) for number, item in enumerate(value.__defaults__ or ()))
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        yield from ((f"{{}}.<locals>.{name}", _content(cell)) for name, cell in cells)
    elif isinstance(value, (types.MethodType, partial)):
        for attribute in ("__self__", "func", "args", "keywords"):
            if hasattr(value, attribute):
                yield f"{{}}.{attribute}", getattr(value, attribute)
    yield from ((f"{{}}.{attribute}", item) for attribute, item in _attributes(value))


def _attributes(value: Any) -> Iterator[tuple[str, object]]:
    yield from getattr(value, "__dict__", {}).items()
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, slot):
                yield slot, getattr(value, slot)


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # a variable that has no value yet
        return None


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
