"""Lists: whoever shows many runs has those kept that live elsewhere, though nobody opens one of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cellrun.core.errors import CellrunError
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.targets.keeper import client
from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.core.targets.keeper.listed_runs import runs_elsewhere

TEND_S = 15.0
"""So seldom a workspace's list is looked through for that."""

_LOCK = threading.Lock()
_TENDED: dict[Path, float] = {}


def tend(workspace: WorkspaceLayout) -> Mapping[str, KeptState] | None:
    """See to it that a keeper is there while live runs of targets elsewhere are listed; at most every 15 s.

    Returns how these targets are, by name; None if it was done of late. Where no keeper can be had, runs are brought
    home when somebody looks at them. For whoever shows a list: it may be read all the same, whatever is wrong here.
    """
    now = time.monotonic()
    with _LOCK:
        if now - _TENDED.get(workspace.folder, -TEND_S) < TEND_S:
            return None
        _TENDED[workspace.folder] = now
    with suppress(CellrunError, OSError):
        if workspace.record.exists() and runs_elsewhere(workspace):
            client.tend(workspace)
    return client.states(workspace)
