"""Notices that a run's supervisor lives and yet shows no sign of life: stopped, or stuck in the kernel."""

from __future__ import annotations

import time

from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.limits import limits
from cellrun.core.sizes import duration_text
from cellrun.core.status import Status
from cellrun.core.store.status_file import StatusFile, StatusRecord


class Silence:
    """What one watcher has seen of heartbeats.

    A laptop that wakes up finds every heartbeat old: so a supervisor is silent only if it has been for one more beat,
    seen twice by the same watcher. The supervisor takes the word back with its next beat.
    """

    def __init__(self) -> None:
        self._since: dict[str, tuple[float, float]] = {}
        """By run id: the old heartbeat, and when that was first seen."""

    def notice(self, run: RunLayout, status: StatusRecord) -> None:
        """Look at a run that hasn't ended; make it NotResponding if it is due."""
        if status.status is not Status.RUNNING:
            return
        try:
            beat, most = run.processes.stat().st_mtime, limits()
        except (OSError, CellrunError):
            return
        if time.time() - beat < most.silence_s:
            self._since.pop(run.run_id, None)
            return
        old, first_seen = self._since.setdefault(run.run_id, (beat, time.monotonic()))
        if old != beat:
            self._since[run.run_id] = (beat, time.monotonic())
        elif time.monotonic() - first_seen > most.heartbeat_s:
            reason = f"no heartbeat for {duration_text(time.time() - beat)}"
            StatusFile(run).change(Status.NOT_RESPONDING, expected={Status.RUNNING}, reason=reason)
