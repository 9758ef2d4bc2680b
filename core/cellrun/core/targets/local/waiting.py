"""A cache of why runs wait in this machine's queue, for lists."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from cellrun.core.errors import CellrunError
from cellrun.core.targets.local import admission
from cellrun.core.targets.local.queue import LocalQueue

_LOOK_S = 0.5
_TICK_S = 0.05  # a file system may give two changes within it the same time


class Waiting(NamedTuple):
    """What was seen of a queue."""

    version: int
    """Another one each time that a reason has changed."""
    reasons: Mapping[str, str]
    """Why each run waits, by id, and how many are before it."""


class WaitingRuns:
    """The runs that wait here, as of the last half second; the queue is read only if its folder has changed.

    It is one for all workspaces of the user. Threads may share it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_look = 0.0
        self._seen: object = None
        self._now = Waiting(0, MappingProxyType({}))

    def now(self) -> Waiting:
        """Return who waits and why. A queue that can't be read leaves things as they were."""
        with self._lock:
            if time.monotonic() >= self._next_look:
                self._look()
                self._next_look = time.monotonic() + _LOOK_S
            return self._now

    def _look(self) -> None:
        try:
            queue = LocalQueue()
            changed_at = queue.folder.stat().st_mtime
            if (queue.folder, changed_at) == self._seen:
                return
            with queue.locked(wait=False) as is_held:
                if not is_held:  # whoever holds it changes it
                    return
                reasons = admission.reasons(queue)
        except (OSError, CellrunError):
            return
        self._seen = (queue.folder, changed_at) if time.time() - changed_at > _TICK_S else None
        if reasons != self._now.reasons:
            self._now = Waiting(self._now.version + 1, MappingProxyType(reasons))


WAITING_RUNS = WaitingRuns()
"""This process's own: a user's queue on this machine is one."""
