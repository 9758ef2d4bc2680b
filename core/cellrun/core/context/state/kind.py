"""One kind of state: how it is read in the notebook and set again in the run."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class StateKind:
    """A row of the table.

    A value of state is plain (what JSON holds exactly) or a dict whose values may be any objects, as options are.
    """

    module: str
    """The module that has it."""
    what: str
    """What it is, in words for the account."""
    read: Callable[[ModuleType, Collection[str]], Any]
    """Return how it differs from a fresh interpreter's, None if it doesn't; also given: the top-level modules that the
    cell needs."""
    write: Callable[[ModuleType, Any], None]
    """Set what `read` returned."""
    users: frozenset[str] = frozenset()
    """Top-level modules to whose users it matters; empty if it matters to any code."""
    of_packages: bool = False
    """Whether it matters to installed packages as well, which may use the module themselves."""
    write_again: Callable[[ModuleType, Any], None] | None = None
    """Set it once more after an import of what is in the value's `imports`, which may have changed it."""
    write_early: Callable[[Any], None] | None = None
    """Set it in what stands in for the module until a run loads it, if anything does."""
    by_name: bool = False
    """Whether the notebook's functions and classes in it are those that the cell gets, not copies of them."""
