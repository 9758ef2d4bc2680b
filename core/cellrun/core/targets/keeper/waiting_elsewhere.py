"""A cache of why runs wait at engines elsewhere, for lists."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.core.targets.local.waiting import Waiting


class WaitingElsewhere:
    """What the keeper has told last of each workspace's waiting runs. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[Path, dict[str, str]] = {}
        self._now = Waiting(0, MappingProxyType({}))

    def take(self, workspace: Path, states: Mapping[str, KeptState]) -> None:
        """Take in how a workspace's targets are by now, by name."""
        told = {run_id: reason for state in states.values() for run_id, reason in state.waiting.items()}
        with self._lock:
            if told == self._told.get(workspace, {}):
                return
            self._told[workspace] = told
            reasons = {run_id: reason for each in self._told.values() for run_id, reason in each.items()}
            self._now = Waiting(self._now.version + 1, MappingProxyType(reasons))

    def now(self) -> Waiting:
        """Return who waits and why, in their engines' words."""
        return self._now


WAITING_ELSEWHERE = WaitingElsewhere()
"""This process's own."""
