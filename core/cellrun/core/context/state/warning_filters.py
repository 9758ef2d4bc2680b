"""The filters of warnings: what the notebook silenced, or made an error, is so in the run."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Collection
from types import ModuleType
from typing import Any

from cellrun.core.context.state.kind import StateKind

_Filter = tuple[str, Any, type[Warning], Any, int]
_FRESH: tuple[_Filter, ...] = (
    ("default", None, DeprecationWarning, "__main__", 0),
    ("ignore", None, DeprecationWarning, None, 0),
    ("ignore", None, PendingDeprecationWarning, None, 0),
    ("ignore", None, ImportWarning, None, 0),
    ("ignore", None, ResourceWarning, None, 0),
)
# What a kernel and numpy set by themselves: no reason to say that the notebook has filters.
_BY_THEMSELVES = re.compile(r"numpy\.|\.\*Trio's")
_OWN_CATEGORIES = ("IPython", "numpy")


def _read(warnings: ModuleType, needed: Collection[str]) -> Any:
    filters: list[_Filter] = list(warnings.filters)
    if not any(_is_of_the_notebook(each) for each in filters) and [each for each in filters if each in _FRESH] == [
        *_FRESH
    ]:
        return None
    written = [_written(each) for each in filters]
    categories = {str(each[2]).rpartition(".")[0] for each in written}
    loaded = ["IPython", *(top for top in sorted(needed) if top in sys.modules and top not in sys.stdlib_module_names)]
    return {"filters": written, "imports": sorted((categories | set(loaded)) - {"builtins", "__main__"})}


def _is_of_the_notebook(each: _Filter) -> bool:
    _, message, category, _, _ = each
    if each in _FRESH or _is_of_ipython(each):
        return False
    return not (
        _BY_THEMSELVES.match(_pattern(message) or "") or category.__module__.partition(".")[0] in _OWN_CATEGORIES
    )


def _is_of_ipython(each: _Filter) -> bool:
    """Whether a shell sets it when it starts, which it did long ago in the notebook."""
    action, message, category, module, _ = each
    return (action, message, category, _pattern(module)) == ("default", None, DeprecationWarning, "__main__")


def _pattern(text: re.Pattern[str] | str | None) -> str | None:
    return str(text.pattern) if isinstance(text, re.Pattern) else text


def _written(each: _Filter) -> list[Any]:
    action, message, category, module, line = each
    return [action, _text(message), f"{category.__module__}.{category.__qualname__}", _text(module), line]


def _text(text: Any) -> Any:
    return [text.pattern, text.flags] if isinstance(text, re.Pattern) else text


def _write(warnings: ModuleType, value: Any) -> None:
    _set(warnings, _known(value))


def _write_again(warnings: ModuleType, value: Any) -> None:
    """Put the filters of the notebook back into its order: what was imported has set some of them anew, in front.

    Those that the cell has set since then stay before them.
    """
    known = _known(value)
    _set(warnings, [*(each for each in warnings.filters if each not in known and not _is_of_ipython(each)), *known])


def _set(warnings: ModuleType, filters: list[_Filter]) -> None:
    warnings.filters[:] = filters
    with warnings.catch_warnings():  # tells Python that the list has changed
        pass


def _known(value: Any) -> list[_Filter]:
    """Return the filters whose categories are loaded: of the others no warning can come yet."""
    found: list[_Filter] = []
    for action, message, category, module, line in value["filters"]:
        place, _, name = category.rpartition(".")
        loaded = importlib.import_module(place) if place == "builtins" else sys.modules.get(place)
        kind = getattr(loaded, name, None)
        if isinstance(kind, type) and issubclass(kind, Warning):
            found.append((action, _matcher(message), kind, _matcher(module), line))
    return found


def _matcher(text: Any) -> Any:
    return re.compile(*text) if isinstance(text, list) else text


WARNING_FILTERS = StateKind("warnings", "filters", _read, _write, write_again=_write_again)
