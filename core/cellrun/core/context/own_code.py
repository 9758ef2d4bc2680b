"""Functions and classes of a notebook or of a submitted cell: what was defined at the level of its module."""

from __future__ import annotations

import types
from typing import Any


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
