"""The table of all state that is captured."""

from __future__ import annotations

import json
from typing import Any

from cellrun.core.context.manifest import State
from cellrun.core.context.state.interpreter import INTERPRETER, LOG_SETTINGS, WARNING_FILTERS
from cellrun.core.context.state.kind import StateKind
from cellrun.core.context.state.libraries import GENERATORS, LIBRARIES, OPTIONS, SHELL_SETTINGS

TABLE: tuple[StateKind, ...] = (
    *INTERPRETER,
    LOG_SETTINGS,
    *OPTIONS,
    *LIBRARIES,
    *GENERATORS,
    WARNING_FILTERS,
    *SHELL_SETTINGS,
)


def kind_of(state: State) -> StateKind | None:
    """Return the row that a state in a context is of; None if a newer cellrun wrote it."""
    return next((kind for kind in TABLE if (kind.module, kind.what) == (state.module, state.what)), None)


def plain_bytes(value: object) -> bytes | None:
    """Return a value of state as JSON; None if JSON can't hold it."""
    return json.dumps(value).encode() if _is_plain(value) else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(type(key) is str and _is_plain(each) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or type(value) in {bool, int, float, str}
