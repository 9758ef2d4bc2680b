"""Notices that a run's supervisor lives, as far as is known, and yet shows no sign of life: stopped, or stuck."""

from __future__ import annotations

import time
from pathlib import Path

from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.limits import limits
from cellrun.core.sizes import duration_text
from cellrun.core.status import Status
from cellrun.core.store.status_file import StatusFile, StatusRecord

_BEATS = 2


class Silence:
    """What one watcher has seen of heartbeats.

    A laptop that wakes up finds every heartbeat old: so a supervisor is silent only if it has been for two more beats,
    seen by the same watcher. The word is taken back by the supervisor's next beat, or by whoever sees that.
    """

    def __init__(self) -> None:
        self._since: dict[str, tuple[float, float]] = {}
        """By run id: the old heartbeat, and when that was first seen."""

    def notice(self, run: RunLayout, status: StatusRecord, heartbeat: Path) -> None:
        """Look at a run whose heartbeat is a file's age; make it NotResponding, or Running again, if that is due."""
        if status.status not in {Status.RUNNING, Status.NOT_RESPONDING}:
            self._since.pop(run.run_id, None)
            return
        try:
            beat, most = heartbeat.stat().st_mtime, limits()
        except (OSError, CellrunError):
            return
        silent_s = time.time() - beat
        if silent_s < most.silence_s:
            self._since.pop(run.run_id, None)
            if status.status is Status.NOT_RESPONDING and status.fields.get("silent"):
                StatusFile(run).change(Status.RUNNING, expected={Status.NOT_RESPONDING}, silent=False)
            return
        old, first_seen = self._since.setdefault(run.run_id, (beat, time.monotonic()))
        if old != beat:
            self._since[run.run_id] = (beat, time.monotonic())
        elif time.monotonic() - first_seen > _BEATS * most.heartbeat_s:
            reason = f"no heartbeat for {duration_text(silent_s)}: its supervisor is stopped, or its machine"
            StatusFile(run).change(Status.NOT_RESPONDING, expected={Status.RUNNING}, reason=reason, silent=True)
