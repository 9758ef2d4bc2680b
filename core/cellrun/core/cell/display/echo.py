"""Prints the value of a cell's last expression as a notebook does: by IPython's printer, and with what it shows."""

from __future__ import annotations

import sys
from typing import Any

from cellrun.core.cell.display.mime_bundle import forms_of
from cellrun.core.cell.display.shown import LABEL, Label, keep
from cellrun.core.context.state import echoing

_SCALARS = frozenset({bool, int, float, complex, str, bytes, type(None), type(...)})
_CONTAINERS = frozenset({list, tuple, dict})
_WIDTH = 79
"""As long a line as IPython's printer fills."""
_DEEPEST = 10
_PRINTED_OTHERWISE = frozenset({"builtins", "collections", "os", "re", "types"})
"""Modules of the classes that IPython's printer has its own form for."""


def echo(value: object) -> None:
    """Print a value, unless it is None, and keep with the run what it shows besides."""
    if value is None:
        return
    try:
        text = None if echoing.always_by_ipython else _plain_text(value)
    except Exception:  # noqa: BLE001  # whatever a repr of the user's raises: a notebook says it, and the cell goes on
        sys.excepthook(*sys.exc_info())
        return
    if text is None:
        shell = _shell()
        if shell is not None:
            shell.display_pub.publish(*shell.display_formatter.format(value))
            return
        text = repr(value)
        if forms := forms_of(value):
            kind = "image" if any(mime.startswith("image/") for mime in forms) else type(value).__name__.lower()
            keep(forms, {LABEL: Label(kind)})
    sys.stdout.write(f"{text}\n")


def _plain_text(value: object) -> str | None:
    """Return what IPython would print for a value, where that is its repr and there is nothing else to show.

    To load IPython takes longer than most cells; None says that there is no way around it.
    """
    if _is_plain(value):
        text = repr(value)
        return text if type(value) in _SCALARS or len(text) <= _WIDTH else None
    return "\n".join(repr(value).splitlines()) if _has_only_a_repr(type(value)) else None


def _is_plain(value: Any, depth: int = 0) -> bool:
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind not in _CONTAINERS or depth > _DEEPEST or len(value) > _WIDTH:
        return False
    items = [*value, *value.values()] if isinstance(value, dict) else value
    return all(_is_plain(each, depth + 1) for each in items)


def _has_only_a_repr(kind: type) -> bool:
    """Whether a class defines its own repr and no other form: neither a picture nor a page nor a pretty text."""
    if "__repr__" not in vars(kind) or kind.__module__ in _PRINTED_OTHERWISE or issubclass(kind, type):
        return False
    return not any(name.startswith(("_repr_", "_ipython_display_")) for each in kind.__mro__ for name in vars(each))


def _shell() -> Any | None:
    """Return IPython's shell, started if need be; None where there is no IPython."""
    try:
        import IPython  # noqa: PLC0415  # slow to load
    except ImportError:
        return None
    return IPython.get_ipython()
