"""How weak references are pickled: what they refer to lives on in the run, as it did in the notebook."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

_ALIVE: list[Any] = []
_WEAK_MAPPINGS = (weakref.WeakKeyDictionary, weakref.WeakValueDictionary)


def reduced_reference(value: Any) -> tuple[Any, ...] | None:
    """Reduce a plain weak reference."""
    return (_weakly, (value(),)) if type(value) is weakref.ref else None


def reduced_set(value: Any) -> tuple[Any, ...] | None:
    """Reduce a plain weak set."""
    return (_weak_set_of, (list(value),)) if type(value) is weakref.WeakSet else None


def _weakly(value: Any) -> Any:
    """Return a weak reference to something that lives on, as it did in the notebook."""
    if value is None:  # it was dead already
        return weakref.ref(type("Dead", (), {})())
    _ALIVE.append(value)
    return weakref.ref(value)


def _weak_set_of(values: list[Any]) -> Any:
    _ALIVE.append(values)
    return weakref.WeakSet(values)


def reduced_proxy(value: Any) -> tuple[Any, ...]:
    """Reduce a weak proxy."""
    return _proxy, (value.__repr__.__self__,)


def _proxy(value: Any) -> Any:
    _ALIVE.append(value)
    return weakref.proxy(value)


def reduced_mapping(value: Any) -> tuple[Any, ...] | None:
    """Reduce a plain dict whose keys or values are weak."""
    kind = type(value)
    return (_weak_mapping_of, (kind, dict(value))) if kind in _WEAK_MAPPINGS else None


def _weak_mapping_of(kind: Callable[[dict[Any, Any]], Any], items: dict[Any, Any]) -> Any:
    _ALIVE.append(items)
    return kind(items)
