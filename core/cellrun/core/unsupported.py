"""Refusals and warnings for what Azure ML has and cellrun hasn't."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from cellrun.core.errors import NotSupportedError

REFUSES = "refuses"
"""The attribute of such a function that says why, and what there is instead."""


def refused(name: str, why: str, instead: str = "") -> Callable[..., NoReturn]:
    """Return a function that raises NotSupportedError, whatever it is given."""

    def refuse(*_given: Any, **_named: Any) -> NoReturn:
        raise NotSupportedError(name, why, instead)

    refuse.__name__ = name.rpartition(".")[-1]
    refuse.__qualname__ = name
    vars(refuse)[REFUSES] = why, instead
    refuse.__doc__ = f"Refuse: it {why}. Raises NotSupportedError."
    return refuse


_OURS = "cellrun."
_said: set[str] = set()


def warn_once(text: str) -> None:
    """Warn of something at the user's own line, unless this process has warned of it before."""
    if text in _said:
        return
    _said.add(text)
    level, frame = 1, sys._getframe()  # noqa: SLF001  # what `warnings` does for `skip_file_prefixes`, since 3.12
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(_OURS):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, stacklevel=level)
