"""What pickles of a context say instead of a thing that is there already when they are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import CellType
from typing import Any

_loading: ContextVar[dict[str, Any]] = ContextVar("cellrun_loading")


@contextmanager
def loading_into(namespace: dict[str, Any]) -> Iterator[None]:
    """Let pickles that are loaded in this block refer to a namespace."""
    token = _loading.set(namespace)
    try:
        yield
    finally:
        _loading.reset(token)


def namespace() -> dict[str, Any]:
    """Return the namespace that is loaded into: the globals of the notebook's functions and of the cell, one dict."""
    return _loading.get()


def named(name: str) -> Any:
    """Return a function or class of the notebook that was loaded before, by its name."""
    return _loading.get()[name]


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
