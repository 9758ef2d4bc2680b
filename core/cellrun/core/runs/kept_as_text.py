"""Warns of logged values that are kept as text only, and says which call keeps them as numbers."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Iterable, Mapping, Sized
from pathlib import Path
from typing import Any

from cellrun.core.errors import CellrunError, shown
from cellrun.core.store.values import is_frame, plain_list, plain_row, plain_table, text_of

_OLD_NAMES = "azureml.core"
_OURS = str(Path(__file__).parents[2])


def warn_of_text(name: str, value: Any) -> None:
    """Warn, at the line of the user's that logged it, that a value is no number and what to write instead."""
    call = _better_call(name, value)
    advice = f"; {call} keeps its values" if call else ", of which no curve is drawn; log a number of it"
    kind = type(value).__name__
    warnings.warn(f"metric {shown(name)}: a value of type {kind} is kept as text{advice}", stacklevel=_users_level())


def text_instead(value: Any, error: CellrunError, *, is_told: bool) -> str:
    """Return the text of a value that was refused, and warn of it unless that `is_told`.

    Only in a process that uses the names of Azure ML's first SDK: code that was written for it doesn't end because a
    value can't be kept as what it is. Elsewhere the error is raised, as is a mistake in new code.
    """
    if _OLD_NAMES not in sys.modules:
        raise error
    if not is_told:
        warnings.warn(f"{error}; it is kept as text, of which no curve is drawn", stacklevel=_users_level())
    return text_of(value)


def _better_call(name: str, value: Any) -> str:
    """Return the log call that keeps a value as numbers; empty if none takes it, or that can't be tried."""
    calls: list[tuple[str, Any]] = []
    if isinstance(value, Mapping) or is_frame(value):
        calls = [("log_table", plain_table)]
        if isinstance(value, Mapping) and all(isinstance(key, str) and key.isidentifier() for key in value):
            calls = [("log_row", plain_row), *calls]
    elif isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)) and _is_filled(value):
        calls = [("log_list", plain_list)]
    for verb, takes in calls:
        try:
            takes(name, value)
        except Exception:  # noqa: BLE001, S112  # whatever the iteration of a stranger's raises: a training goes on
            continue
        return f"run.{verb}({shown(name)}, {'**' if verb == 'log_row' else ''}value)"
    return ""


def _is_filled(value: object) -> bool:
    """Whether it has a length, and something in it: an empty list leaves nothing behind."""
    try:
        return isinstance(value, Sized) and len(value) > 0
    except Exception:  # noqa: BLE001  # whatever a stranger's length raises
        return False


def _users_level() -> int:
    """Return the `stacklevel`, seen from the caller, of the first frame that isn't in cellrun's own files."""
    frames = inspect.stack(context=0)[1:]
    return next((level for level, frame in enumerate(frames, start=1) if not frame.filename.startswith(_OURS)), 1)
