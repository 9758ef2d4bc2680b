"""How things are pickled that neither pickle nor cloudpickle can take apart, and those that travel by reference."""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Callable
from typing import Any

Reduced = tuple[Any, ...]


def reducer(value: Any) -> Reduced | None:
    """Return how to make a value again, as `__reduce__` does, if it is one of these, else None."""
    for name in ("stdout", "stderr"):
        if value is getattr(sys, name):  # a kernel's is no file
            return getattr, (sys, name)
    found = _REDUCERS.get(type(value).__name__)
    return found(value) if found else None


def _cached_function(value: Any) -> Reduced | None:
    if not hasattr(value, "cache_parameters"):
        return None
    return _cached, (value.__wrapped__, value.cache_parameters())


def _cached(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(function)


def _cached_property(value: Any) -> Reduced | None:
    if type(value) is not functools.cached_property:
        return None
    state = {"attrname": value.attrname}  # before Python 3.12 it holds a lock as well
    return functools.cached_property, (value.func,), state


def _dispatching_function(value: Any) -> Reduced | None:
    if not (hasattr(value, "registry") and hasattr(value, "_clear_cache")):  # functools.singledispatch
        return None
    return _dispatched, (dict(value.registry),)


def _dispatched(registry: dict[type, Callable[..., Any]]) -> Any:
    function = functools.singledispatch(registry[object])
    for kind, implementation in registry.items():
        function.register(kind, implementation)
    return function


def _missing_of_dataclasses(_: Any) -> Reduced:
    """Reduce what dataclasses tells by its identity, in a class that the cell derives from one of the notebook."""
    return getattr, (dataclasses, "MISSING")


def _of_workspace(value: Any) -> Reduced | None:
    """Reduce a workspace, an experiment or a run to what finds it again: they are folders."""
    from cellrun.core import Experiment, Run, Workspace  # noqa: PLC0415  # who has such a thing has loaded them

    if type(value) is Workspace:
        return _open_workspace, (str(value.layout.folder),)
    if type(value) is Experiment:
        return Experiment, (value.workspace, value.name)
    if type(value) is Run:
        return Run.get, (value.experiment.workspace, value.id)
    return None


def _open_workspace(folder: str) -> Any:
    from cellrun.core import Workspace  # noqa: PLC0415  # as above
    from cellrun.core.store.layout import WorkspaceLayout  # noqa: PLC0415

    return Workspace(WorkspaceLayout(folder))


_REDUCERS: dict[str, Callable[[Any], Reduced | None]] = {
    "_lru_cache_wrapper": _cached_function,
    "cached_property": _cached_property,
    "function": _dispatching_function,
    "_MISSING_TYPE": _missing_of_dataclasses,
    **dict.fromkeys(("Workspace", "Experiment", "Run"), _of_workspace),
}
