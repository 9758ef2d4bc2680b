"""What pickles of a context say instead of a thing that is there already when they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import CellType
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
