"""Keeps the keeper running while lists show live runs elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from cellrun.core.errors import CellrunError
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.targets.keeper import client
from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.core.targets.keeper.listed_runs import runs_elsewhere
from cellrun.core.targets.keeper.waiting_elsewhere import WAITING_ELSEWHERE

TEND_S = 5.0
"""So seldom a workspace's list is looked through for that, and the keeper asked what its runs wait for."""

_LOCK = threading.Lock()
_TENDED: dict[Path, float] = {}

Told = Callable[[Mapping[str, KeptState]], object]


def tend(workspace: WorkspaceLayout, told: Told | None = None) -> None:
    """See to it that a keeper is there while live runs of targets elsewhere are listed; at most every 5 s.

    A list doesn't wait for that: it is done by a thread, which calls `told` with how these targets are, by name. Where
    no keeper can be had, such runs are brought home when somebody looks at them.
    """
    now = time.monotonic()
    with _LOCK:
        if now - _TENDED.get(workspace.folder, -TEND_S) < TEND_S:
            return
        _TENDED[workspace.folder] = now
    if workspace.targets.is_dir():  # else none can be elsewhere
        threading.Thread(target=_tend, args=(workspace, told), daemon=True).start()


def _tend(workspace: WorkspaceLayout, told: Told | None) -> None:
    with suppress(CellrunError, OSError):  # whoever shows the list says what is wrong with it
        if runs_elsewhere(workspace):
            client.tend(workspace)
    states = client.states(workspace)
    WAITING_ELSEWHERE.take(workspace.folder, states)
    if told:
        told(states)
