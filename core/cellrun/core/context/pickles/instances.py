"""How instances are pickled that their class would make wrong, or not at all, when they are loaded."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from cellrun.core.context.pickles.reduced import Reduced

_HEAP_TYPE = 1 << 9  # of `__flags__`: made by Python code
_are_bare: WeakKeyDictionary[type, bool] = WeakKeyDictionary()  # few types, met again in each capture


def reduced_instance(value: Any) -> Reduced | None:
    """Return how to make a value again whose own `__new__` isn't to be called a second time; None for all others.

    Of an array of a derived class, what its `__dict__` has is kept as well: NumPy's pickles hold the elements alone.
    """
    kind = type(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _reduced_array(value) if kind.__reduce__ is numpy.ndarray.__reduce__ else None
    if kind not in _are_bare:
        _are_bare[kind] = _is_made_bare(kind, value)
    if not _are_bare[kind]:
        return None
    reduced: Any = object.__reduce_ex__(value, 4)
    return made_bare, (kind, *_plain_arguments(kind, value)), *reduced[2:]


def made_bare(kind: type, *arguments: Any) -> Any:
    """Make an instance as only the part of its class in C does: its attributes are set afterwards."""
    return _in_c(kind).__new__(kind, *arguments)


def set_array_state(array: Any, state: tuple[Any, dict[str, Any]]) -> None:
    """Give an array its elements, and its attributes."""
    elements, attributes = state
    array.__setstate__(elements)
    vars(array).update(attributes)


def _reduced_array(value: Any) -> Reduced | None:
    attributes = getattr(value, "__dict__", None)
    if not attributes:
        return None
    make, arguments, elements = value.__reduce__()
    return make, arguments, (elements, attributes), None, None, set_array_state


def _is_made_bare(kind: type, value: Any) -> bool:
    """Whether pickle would call a `__new__` of Python code, and that is the notebook's or needs other arguments."""
    new = kind.__new__
    if not isinstance(new, FunctionType) or _gives_arguments(kind):
        return False
    if any(getattr(kind, name) is not getattr(object, name) for name in ("__reduce__", "__reduce_ex__")):
        return False
    if new.__module__ == "__main__":
        return True
    import inspect  # noqa: PLC0415  # a job needn't load it

    try:
        inspect.signature(new).bind(kind, *_plain_arguments(kind, value))
    except (TypeError, ValueError):
        return True
    return False


def _gives_arguments(kind: type) -> bool:
    """Whether a class tells what its own `__new__` is to be called with, not that of a base."""
    for each in kind.__mro__:
        if not {"__getnewargs__", "__getnewargs_ex__"}.isdisjoint(vars(each)):
            return bool(each.__flags__ & _HEAP_TYPE)
        if "__new__" in vars(each):
            return False
    return False


def _plain_arguments(kind: type, value: Any) -> tuple[Any, ...]:
    in_c = _in_c(kind)
    return tuple(in_c.__getnewargs__(value)) if hasattr(in_c, "__getnewargs__") else ()


def _in_c(kind: type) -> Any:
    """Return the first base of a class that is made in C."""
    return next(base for base in kind.__mro__ if not base.__flags__ & _HEAP_TYPE)
