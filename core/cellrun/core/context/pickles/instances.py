"""Reducers for instances, exceptions too, that their own class would make wrong, or not at all, when loaded."""

from __future__ import annotations

import copyreg
import sys
from contextlib import suppress
from enum import Enum
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from cellrun.core.context.pickles.references import Reduced

_REDUCES = frozenset({"__reduce__", "__reduce_ex__"})
_TAKES_ITEMS = ("__setitem__", "append", "extend")
_SETTER = 5  # where in a reduced value stands what sets its state
_HEAP_TYPE = 1 << 9  # of `__flags__`: made by Python code
# Few types, met again in each capture.
_are_bare: WeakKeyDictionary[type, bool] = WeakKeyDictionary()
_standard_bases: WeakKeyDictionary[type, Any] = WeakKeyDictionary()
_are_asked: WeakKeyDictionary[type, bool] = WeakKeyDictionary()


def reduced_instance(value: Any) -> Reduced | None:
    """Return how to make a value again that pickle would make by calls of its own class, or without its attributes.

    Those are values whose `__new__` isn't to be called a second time, arrays of a derived class (NumPy's pickles hold
    the elements alone), values of a class that inherits how it is pickled from one of the standard library, such as
    Counter, which knows nothing of what was added to it, and values whose `__getattr__` is asked by pickle before they
    have the attributes that it reads. None for all others.
    """
    kind = type(value)
    reduced = _reduced_instance(kind, value)
    if kind not in _are_asked:
        _are_asked[kind] = _is_asked(kind)
    if not _are_asked[kind]:
        return reduced
    parts: Any = reduced or object.__reduce_ex__(value, 4)
    return parts if len(parts) > _SETTER else (*parts, *[None] * (_SETTER - len(parts)), set_attributes)


def _reduced_instance(kind: type, value: Any) -> Reduced | None:
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _reduced_array(value) if kind.__reduce__ is numpy.ndarray.__reduce__ else None
    if kind not in _are_bare:
        _are_bare[kind] = _is_made_bare(kind, value)
    if _are_bare[kind]:
        reduced: Any = object.__reduce_ex__(value, 4)
        return made_bare, (kind, *_plain_arguments(kind, value)), *reduced[2:]
    if kind not in _standard_bases:
        _standard_bases[kind] = _standard_base(kind)
    return _reduced_by_base(kind, value, _standard_bases[kind]) if _standard_bases[kind] else None


def made_bare(kind: type, *arguments: Any) -> Any:
    """Make an instance as only the part of its class in C does: its attributes are set afterwards."""
    return _in_c(kind).__new__(kind, *arguments)


def made_by_base(kind: type, base: Any, arguments: tuple[Any, ...]) -> Any:
    """Make an instance as a base of its class does: its attributes are set afterwards."""
    made = base.__new__(kind, *arguments)
    if base.__init__ is not object.__init__:
        base.__init__(made, *arguments)
    return made


def set_state_and_attributes(value: Any, state: tuple[Any, dict[str, Any]]) -> None:
    """Give a value the state that its base knows of, and its attributes."""
    value.__setstate__(state[0])
    vars(value).update(state[1])


def fill_by_base(value: Any, contents: tuple[Any, Any, list[Any] | dict[Any, Any]]) -> None:
    """Give a container its items by its base, then its attributes, which its own methods would need to take items."""
    base, state, items = contents
    if isinstance(items, list):
        base.extend(value, items)
    else:
        for key, each in items.items():
            base.__setitem__(value, key, each)
    if state is not None and hasattr(type(value), "__setstate__"):
        value.__setstate__(state)
        return
    set_attributes(value, state)


def set_attributes(value: Any, state: Any) -> None:
    """Give a value its attributes, as pickle has them, without asking it for anything."""
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    for name, each in {**(attributes or {}), **(slots or {})}.items():
        object.__setattr__(value, name, each)


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


def _standard_base(kind: type) -> type | None:
    """Return the class of the standard library by which instances of a class are made again, and filled; None for most.

    It is the one from which the class inherits its `__reduce__`, or what it extends if it takes items in its own way.
    """
    if kind in copyreg.dispatch_table:  # somebody says how
        return None
    definer = next(each for each in kind.__mro__ if not _REDUCES.isdisjoint(vars(each)))
    if definer is object and any(isinstance(_defined(kind, name), FunctionType) for name in _TAKES_ITEMS):
        return next((each for each in kind.__mro__ if each in (dict, list)), None)
    if definer is object or not _is_standard(definer) or issubclass(kind, Enum):
        return None
    base = next(each for each in kind.__mro__ if _is_standard(each) and issubclass(each, definer))
    return None if base is kind else base


def _defined(kind: type, name: str) -> Any:
    """Return what a class or a base defines by a name, without asking for it: each look at a mock makes another one."""
    return next((vars(each)[name] for each in kind.__mro__ if name in vars(each)), None)


def _is_standard(kind: type) -> bool:
    return kind.__module__ != "__main__" and kind.__module__.partition(".")[0] in sys.stdlib_module_names


def _reduced_by_base(kind: type, value: Any, base: type) -> Reduced | None:
    reduced = value.__reduce_ex__(4)
    if reduced[:2] == (copyreg.__newobj__, (kind,)):  # type: ignore[attr-defined]  # a dict or list
        reduced = kind, (), *reduced[2:]
    if isinstance(reduced, str) or reduced[0] is not kind:  # found again in some other way
        return None
    _, arguments, state, listed, named = (*reduced, None, None, None)[:5]
    attributes = getattr(value, "__dict__", None) or None
    random = sys.modules.get("random")
    if attributes and random is not None and isinstance(value, random.Random):
        return made_by_base, (kind, base, arguments), (state, attributes), None, None, set_state_and_attributes
    state = attributes if state is None else state
    if listed is None and named is None:
        return made_by_base, (kind, base, arguments), state
    items = dict(base.items(value)) if issubclass(base, dict) else list(base.__iter__(value))  # type: ignore[attr-defined]
    return made_by_base, (kind, base, arguments), (base, state, items), None, None, fill_by_base


def _is_asked(kind: type) -> bool:
    """Whether pickle, looking for a `__setstate__`, would call a `__getattr__` of Python code."""
    if not isinstance(_defined(kind, "__getattr__"), FunctionType) or _defined(kind, "__setstate__") is not None:
        return False
    return kind not in copyreg.dispatch_table and all(getattr(kind, each) is getattr(object, each) for each in _REDUCES)


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


def filled_at_call(kind: type) -> tuple[str, ...]:
    """Return the attributes of a class that calling it sets, by its metaclass's `__call__`, and has set already."""
    call = type(kind).__call__
    if type(kind) is type or not isinstance(call, FunctionType):
        return ()
    return tuple(name for name in _stored(call.__code__) if name in vars(kind))


@lru_cache(maxsize=256)
def _stored(code: CodeType) -> tuple[str, ...]:
    import dis  # noqa: PLC0415  # a job needn't load it

    return tuple(dict.fromkeys(each.argval for each in dis.get_instructions(code) if each.opname == "STORE_ATTR"))


_BY_KEYWORD = ("name", "path")  # what NameError, AttributeError and ImportError are told beside their arguments


def reduced_exception(value: BaseException) -> tuple[Any, ...] | None:
    """Reduce an exception that has no way of its own."""
    if type(value).__reduce__ is not BaseException.__reduce__:
        return None
    told = {name: getattr(value, name) for name in _BY_KEYWORD if _is_of_c(type(value), name)}
    state = {**vars(value), **told}, value.__cause__, value.__context__, value.__suppress_context__
    return made_exception, (type(value), value.args), state, None, None, set_exception_state


def made_exception(kind: type[BaseException], arguments: tuple[Any, ...]) -> BaseException:
    """Make an exception as only the part of its class in C does, which keeps what its arguments tell."""
    made = kind.__new__(kind, *arguments)
    with suppress(Exception):  # arguments that were changed afterwards
        _in_c(kind).__init__(made, *arguments)
    made.args = arguments
    return made


def set_exception_state(value: BaseException, state: tuple[dict[str, Any], Any, Any, bool]) -> None:
    """Give an exception its attributes, and the exceptions that it came from."""
    attributes, value.__cause__, value.__context__, value.__suppress_context__ = state
    for name, each in attributes.items():
        setattr(value, name, each)


def _is_of_c(kind: type[BaseException], name: str) -> bool:
    return any(name in vars(base) for base in kind.__mro__ if not base.__flags__ & _HEAP_TYPE)
