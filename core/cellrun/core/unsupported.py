"""What Azure ML's first SDK has and cellrun hasn't: an error that names it and what to use, when it is used."""

from __future__ import annotations

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
