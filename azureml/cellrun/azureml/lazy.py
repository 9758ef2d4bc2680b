"""A module of the old SDK: names that are loaded when they are first used, and those that fail when they are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import Any

VERSION = "1.61.0"
"""Of the old SDK: the one whose names and behaviours these are."""


def lazily(module: str, places: Mapping[str, Iterable[str]]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` (PEP 562) of a module; `__all__` is asked of the former.

    `places` has the names of each module that they are in: `{"cellrun.core.runs.run": ["Run"]}`. How one is called
    there, if otherwise, stands behind a colon: `{"cellrun.core.errors": ["AzureMLException:CellrunError"]}`.
    The modules below it are names of it, whoever has imported them, as are those that the table of what isn't
    supported has for the module.
    """
    found: dict[str, tuple[str, str]] = {}
    for place, names in places.items():
        for each in names:
            name, _, there = each.partition(":")
            found[name] = place, there or name

    def __getattr__(name: str) -> Any:  # noqa: N807  # it becomes the module's
        value: Any
        if name == "__all__":
            value = sorted({each for each in found if not each.startswith("_")} | _unsupported_names(module))
        elif name in found:
            place, there = found[name]
            value = getattr(import_module(place), there)
        elif name == "__version__":
            value = VERSION
        else:
            value = below(module, name)
        setattr(sys.modules[module], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807  # as above
        return sorted({*vars(sys.modules[module]), *found, *_unsupported_names(module)})

    return __getattr__, __dir__


def old_name(module: str) -> str:
    """Return what a module of ours is called in the old SDK."""
    return "azureml" + module.removeprefix("cellrun.azureml")


def below(module: str, name: str) -> Any:
    """Return the module of a name, as the old SDK's packages import theirs, or what stands for one that isn't done."""
    if not name.startswith("_"):  # what Python, IPython and inspect ask every module for
        path, full = getattr(sys.modules[module], "__path__", None), f"{module}.{name}"
        if path and PathFinder.find_spec(full, path):
            return import_module(full)
        from cellrun.azureml.unsupported import placeholder  # noqa: PLC0415  # few programs need it

        if (value := placeholder(old_name(module), name)) is not None:
            return value
        if path and find_spec(full):  # a module that is no file
            return import_module(full)
    raise AttributeError(f"module {old_name(module)!r} has no attribute {name!r}")


def _unsupported_names(module: str) -> set[str]:
    from cellrun.azureml.unsupported import names_of  # noqa: PLC0415  # as above

    return names_of(old_name(module))
