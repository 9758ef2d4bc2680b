"""Finds what inside a value can't be pickled; looked for only after pickling has failed."""

from __future__ import annotations

import sys
import types
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from cellrun.core.context.pickles.pickling import DeniedError
from cellrun.magics.capture.words import error_words

_MOST_DEPTH = 12
_MOST_SHOWN = 80
_ELSE = "Make it inside the cell"

_Child: TypeAlias = tuple[str, object]
"""What something holds: a pattern that makes its path of the other's path, and the thing."""


class Culprit(NamedTuple):
    """What can't be captured."""

    path: str
    """Its path, from the variable on, as Python would write it as far as it can."""
    what: str
    """Why, as a sentence without its full stop."""
    remedy: str
    """What to do instead."""


def find_culprit(name: str, value: object, error: Exception, attempt: Callable[[object], Exception | None]) -> Culprit:
    """Return the innermost thing in a value that can't be pickled; `attempt` pickles and returns what went wrong."""
    path, seen = name, {id(value)}
    for _ in range(_MOST_DEPTH):
        if isinstance(error, DeniedError) and error.value is value:  # what it is made of tells no more
            break
        found = _first_failing([each for each in _children(value) if id(each[1]) not in seen], attempt)
        if found is None:
            break
        (step, value), error = found
        path = step.replace("{}", path, 1)
        seen.add(id(value))
    if not isinstance(error, DeniedError):
        return Culprit(path, f"{path} ({type(value).__name__}) can't be pickled: {error_words(error)}", _ELSE)
    verb = "is" if error.value is value else "holds"
    return Culprit(path, f"{path} {verb} {error} and can't be captured", error.remedy)


def _first_failing(
    children: Sequence[_Child], attempt: Callable[[object], Exception | None]
) -> tuple[_Child, Exception] | None:
    """Return the first child that can't be pickled, with its error; found by halves, as there may be a million."""
    error = attempt([child for _, child in children])
    if error is None or not children:
        return None
    while len(children) > 1:
        half = children[: len(children) // 2]
        half_error = attempt([child for _, child in half])
        children = children[len(half) :] if half_error is None else half
        error = half_error or error
    child = children[0]
    child_error = attempt(child[1])  # none if only some of them together can't
    return None if child_error is None else (child, child_error)


def _children(value: Any) -> Iterator[_Child]:
    """Iterate over what a value holds."""
    try:
        yield from _held(value)
    except Exception:  # noqa: BLE001  # whatever a container of the user's raises: what it has told is enough
        return


def _held(value: Any) -> Iterator[_Child]:
    if isinstance(value, Mapping):
        yield from ((f"{{}}[{_shown(key)}]", item) for key, item in value.items())
    elif isinstance(value, (list, tuple, deque)):
        yield from ((f"{{}}[{number}]", item) for number, item in enumerate(value))
    elif _is_of_pandas(value, "DataFrame"):
        yield from ((f"{{}}[{_shown(name)}]", column) for name, column in value.items() if column.dtype == object)
    elif _is_of_pandas(value, "Series"):
        yield from ((f"{{}}.iloc[{number}]", item) for number, item in enumerate(value))
    elif isinstance(value, (set, frozenset)):
        yield from ((f"{{}}[{_shown(item)}]", item) for item in value)
    elif isinstance(value, types.FunctionType):
        yield from ((f"{{}}.__defaults__[{number}]", item) for number, item in enumerate(value.__defaults__ or ()))
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        yield from ((f"{{}}.<locals>.{name}", _content(cell)) for name, cell in cells)
    elif isinstance(value, (types.MethodType, partial)):
        for attribute in ("__self__", "func", "args", "keywords"):
            if hasattr(value, attribute):
                yield f"{{}}.{attribute}", getattr(value, attribute)
    yield from ((f"{{}}.{attribute}", item) for attribute, item in _attributes(value))


def _is_of_pandas(value: Any, kind: str) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, getattr(pandas, kind))


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


def _shown(key: object) -> str:
    text = repr(key)
    if len(text) > _MOST_SHOWN:
        text = f"{text[:_MOST_SHOWN]}…"
    return text
