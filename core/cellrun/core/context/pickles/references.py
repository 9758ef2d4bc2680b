"""A notebook's functions and classes by name, and what pickles say instead of what is there when they are loaded."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import CellType, CodeType
from typing import Any, NamedTuple


class _Loading(NamedTuple):
    namespace: dict[str, Any]
    code_named: Callable[[str], Any]
    code_of_run: Callable[[str], Any]
    made: dict[str, type]
    """The classes that were made in this load, by their identities: two runs' contexts don't share any."""


_loading: ContextVar[_Loading] = ContextVar("cellrun_loading")


@contextmanager
def loading_into(
    namespace: dict[str, Any],
    code_named: Callable[[str], Any] | None = None,
    code_of_run: Callable[[str], Any] | None = None,
) -> Iterator[None]:
    """Let pickles that are loaded in this block refer to a namespace.

    `code_named` gives functions and classes by their names, `code_of_run` those of the run alone; left out, they are
    the namespace's.
    """
    of_namespace = namespace.__getitem__
    token = _loading.set(_Loading(namespace, code_named or of_namespace, code_of_run or of_namespace, {}))
    try:
        yield
    finally:
        _loading.reset(token)


def namespace() -> dict[str, Any]:
    """Return the namespace that is loaded into: the globals of the notebook's functions and of the cell, one dict."""
    return _loading.get().namespace


def made_once(identity: str, make: Callable[[], type]) -> type:
    """Return the class of an identity, made only if it hasn't been in this load."""
    made = _loading.get().made
    if identity not in made:
        made[identity] = make()
    return made[identity]


def named(name: str) -> Any:
    """Return a function or class of the notebook that was loaded before, by its name."""
    return _loading.get().code_named(name)


def empty_cell() -> CellType:
    """Return a new variable of a closure, without a value yet."""
    return CellType()


class CellReference:
    """Pickles as an empty variable of a closure: one and the same for all functions that share it."""

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        return empty_cell, ()


class NamespaceReference:
    """Pickles as the namespace that it will be loaded into."""

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        return namespace, ()


def of_run(name: str) -> Any:
    """Return a function or class as the run itself had it, whatever the notebook has by that name."""
    return _loading.get().code_of_run(name)


class RunCodeReference:
    """Pickles as a function or class that a cell defined, by its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return of_run, (self._name,)


def is_own_code(value: object, namespace: dict[str, Any]) -> bool:
    """Whether a value is a function or class that was defined in the module that has this namespace."""
    if type(value) is types.FunctionType:  # by its type: a proxy may raise anything where it says what it stands for
        return value.__globals__ is namespace
    return issubclass(type(value), type) and value.__module__ == namespace.get("__name__")


def own_name(value: object, namespace: dict[str, Any]) -> str | None:
    """Return the name that a function or class of a module was defined with, if it still has it there."""
    path = own_path(value, namespace)
    return None if path is None or "." in path else path


def own_path(value: object, namespace: dict[str, Any]) -> str | None:
    """Return the name, or `Class.name` for what is in a class of the module, that a function or class still has."""
    if not is_own_code(value, namespace):
        return None
    path: str = value.__qualname__  # type: ignore[attr-defined]
    return path if at_path(path, namespace) is value else None


def at_path(path: str, namespace: dict[str, Any]) -> object:
    """Return what has a name in a module, or a dotted one in the classes of that module; None if nothing has."""
    top, *rest = path.split(".")
    found = namespace.get(top)
    if rest and not (is_own_code(found, namespace) and getattr(found, "__qualname__", "") == top):
        return None
    for name in rest:
        found = getattr(found, name, None)
    return found


def reduced_code(code: CodeType, reduced: Reduced) -> Reduced:
    """Return how to make a code object again, given how cloudpickle does."""
    make, arguments = reduced
    return code_in_file, (code.co_filename, make, *arguments)


def code_in_file(filename: str, make: Callable[..., CodeType], *arguments: Any) -> CodeType:
    """Make a code object, of a file."""
    return make(*arguments).replace(co_filename=filename)


Reduced = tuple[Any, ...]
"""What is called, with what arguments, and then what of `object.__reduce__` may follow."""
