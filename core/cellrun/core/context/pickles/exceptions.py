"""How exceptions are pickled: without calling their class, which may want other arguments than those that it keeps."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

_HEAP_TYPE = 1 << 9  # of `__flags__`: made by Python code
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
    in_c: Any = next(base for base in kind.__mro__ if not base.__flags__ & _HEAP_TYPE)
    with suppress(Exception):  # arguments that were changed afterwards
        in_c.__init__(made, *arguments)
    made.args = arguments
    return made


def set_exception_state(value: BaseException, state: tuple[dict[str, Any], Any, Any, bool]) -> None:
    """Give an exception its attributes, and the exceptions that it came from."""
    attributes, value.__cause__, value.__context__, value.__suppress_context__ = state
    for name, each in attributes.items():
        setattr(value, name, each)


def _is_of_c(kind: type[BaseException], name: str) -> bool:
    return any(name in vars(base) for base in kind.__mro__ if not base.__flags__ & _HEAP_TYPE)
