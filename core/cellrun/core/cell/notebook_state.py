"""Sets the state that was captured with a cell: at once for what is loaded, else as soon as the cell loads it.

Processes that the cell spawns don't get it: those that a kernel spawns begin with fresh libraries too.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

from cellrun.core.cell.import_hooks import after_import
from cellrun.core.context.manifest import Context, Group, State
from cellrun.core.context.pickles.references import loading_into
from cellrun.core.context.reader import group_values
from cellrun.core.context.state.kind import StateKind
from cellrun.core.context.state.table import kind_of
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException


def restore_state(context: Context, store: ValueStore, namespace: dict[str, Any]) -> None:
    """Set the state of a context that was loaded into a namespace.

    What can't be set is said on stderr: another version of a library may know fewer options. Raises ContextException if
    a captured state is gone.
    """
    for state in context.state:
        kind = kind_of(state)
        if kind is not None:
            _restore(kind, _reader(state, store, namespace))


def _reader(state: State, store: ValueStore, namespace: dict[str, Any]) -> Callable[[], Any]:
    if state.format == "json":
        payload = bytes(store.read(state.payload))
        return lru_cache(maxsize=1)(lambda: json.loads(payload))

    def load() -> Any:
        with loading_into(namespace):
            return group_values(Group((f"{state.module}'s {state.what}",), state.payload), store)[0]

    return lru_cache(maxsize=1)(load)


def _restore(kind: StateKind, value: Callable[[], Any]) -> None:
    def act(write: Callable[[ModuleType, Any], None], module: ModuleType) -> None:
        try:
            write(module, value())
        except ContextException as error:
            sys.stderr.write(f"{error}\n")  # it says of what
        except Exception as error:  # noqa: BLE001  # whatever a library of another version raises
            sys.stderr.write(f"{kind.module}'s {kind.what} can't be as in the notebook: {error}\n")

    early = kind.write_early
    if early is not None:
        early(value())
    elif not kind.users:  # it matters to code that doesn't load the module itself
        importlib.import_module(kind.module)
    after_import(kind.module, lambda module: act(kind.write, module))
    again = kind.write_again
    if again is not None:
        for name in value()["imports"]:
            after_import(name, lambda _: act(again, sys.modules[kind.module]))
