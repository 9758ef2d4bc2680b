"""Notices that whoever is to end a run shows no sign of life: stopped, stuck, or on a machine that can't be seen.

Standard library only: the supervisor takes the word back by it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.disk.ownership import is_mine
from cellrun.core.errors import CellrunError
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.resources import duration_text, limits
from cellrun.core.status import Status
from cellrun.core.store.status_file import StatusFile, StatusRecord

_BEATS = 2
_UNDER_WAY = frozenset({Status.PREPARING, Status.STARTING, Status.RUNNING, Status.CANCEL_REQUESTED, Status.FINALIZING})
"""The statuses in which a process stands by the run, and beats."""
SILENT = "silent"
"""The field that holds the status before; empty once the run was heard of again."""
UNANSWERED = "unanswered"
"""The field that says of a silent run elsewhere that its engine doesn't answer: that is its target's word."""


def heartbeat(layout: RunLayout) -> float | None:
    """Return when a run's supervisor, or the program that has it open, last showed that it lives (epoch seconds).

    None if it never did. A run that cellrun 0.1 opened has no heartbeat: what it logs stands for it.
    """
    try:
        return layout.processes.stat().st_mtime
    except OSError:
        times = [_changed_at(path) for path in (layout.statuses, layout.events, *layout.events.glob("*.jsonl"))]
        return max(times, default=0.0) or None


def are_proven_dead(layout: RunLayout, owners: Collection[ProcessIdentity]) -> bool:
    """Whether it can be said for sure that all of these processes of a run are gone; False if there are none."""
    last_sign = 0.0 if all(owner.is_this_boot for owner in owners) else heartbeat(layout) or 0.0
    return bool(owners) and all(owner.is_proven_dead(last_sign) for owner in owners)


def is_old(beat: float | None) -> bool:
    """Whether a heartbeat is older than that of a run that does well (`CELLRUN_SILENCE_S`)."""
    with suppress(CellrunError):  # said where it matters
        return beat is not None and time.time() - beat >= limits().silence_s
    return False


def is_silent(status: StatusRecord) -> bool:
    """Whether a run is NotResponding because its own supervisor or program isn't heard of."""
    return status.status is Status.NOT_RESPONDING and bool(status.fields.get(SILENT))


def is_unanswered(status: StatusRecord) -> bool:
    """Whether a run is NotResponding because its engine didn't answer."""
    return status.status is Status.NOT_RESPONDING and status.fields.get(UNANSWERED) is True


def take_back(layout: RunLayout) -> None:
    """Let a run that is NotResponding have the status that it had before."""
    status = StatusFile(layout).read()
    if status.status is Status.NOT_RESPONDING:
        _heard(layout, status)


class Silence:
    """What one watcher has seen of heartbeats.

    A laptop that wakes up finds every heartbeat old: so a supervisor that is there, or came back before, is silent only
    if it has been for two more beats, seen by the same watcher. The word is taken back by its next beat, or by whoever
    sees that.
    """

    def __init__(self) -> None:
        self._since: dict[Path, tuple[float, float]] = {}
        """By run folder: the old heartbeat, and when that was first seen."""

    def notice(
        self,
        run: RunLayout,
        status: StatusRecord,
        beat: float | None,
        *,
        is_in_sight: bool,
        mark: float | None = None,
    ) -> StatusRecord:
        """Look at a run by its heartbeat; make it NotResponding, or what it was before, if that is due.

        `is_in_sight` says that the process that beats is seen to be there. `mark` tells one beat from the next where
        `beat` itself is reckoned anew each time: another machine's. Returns the run's status by now.
        """
        is_over = status.status not in _UNDER_WAY and status.status is not Status.NOT_RESPONDING
        if is_over or not is_old(beat):
            self._since.pop(run.folder, None)
            return _heard(run, status) if is_silent(status) and beat is not None else status
        if beat is None or is_silent(status):  # a stopped job's may fall silent: NotResponding, for that reason then
            return status
        is_due = self._is_due(run, status, beat if mark is None else mark, is_in_sight)
        return _silent(run, status, beat, is_in_sight) if is_due else status

    def _is_due(self, run: RunLayout, status: StatusRecord, beat: float, is_in_sight: bool) -> bool:  # noqa: FBT001  # as `notice` has it
        if not is_in_sight and SILENT not in status.fields:
            return True
        old, first_seen = self._since.setdefault(run.folder, (beat, time.monotonic()))
        if old != beat:
            self._since[run.folder] = (beat, time.monotonic())
        return old == beat and time.monotonic() - first_seen > _BEATS * limits().heartbeat_s


def _silent(run: RunLayout, status: StatusRecord, beat: float, is_in_sight: bool) -> StatusRecord:  # noqa: FBT001  # as above
    since = duration_text(time.time() - beat)
    reason = f"no heartbeat for {since}: its supervisor is stopped, or its machine"
    if not is_in_sight:
        reason = f"no heartbeat for {since}, and its process can't be seen from here: cancel or delete it if it is gone"
    return _changed(run, status, Status.NOT_RESPONDING, status.status.value, reason)


def _heard(run: RunLayout, status: StatusRecord) -> StatusRecord:
    before = status.fields.get(SILENT)
    to = Status(before) if isinstance(before, str) and before in set(_UNDER_WAY) else Status.RUNNING
    return _changed(run, status, to, "", None)


def _changed(run: RunLayout, status: StatusRecord, to: Status, silent: str, reason: str | None) -> StatusRecord:
    """Write a status down where that can be done; who can't sees it all the same."""
    seen = status._replace(status=to, reason=reason)
    if not is_mine(run.folder):
        return seen
    try:
        file = StatusFile(run)
        fields: dict[str, Any] = {SILENT: silent, **({UNANSWERED: False} if status.fields.get(UNANSWERED) else {})}
        return file.change(to, expected={status.status}, reason=reason, **fields) or file.read()
    except OSError:  # a full disk, a read-only one
        return seen


SILENCE = Silence()
"""This process's own: all its looks are one watcher's."""


def in_sight(owners: list[ProcessIdentity]) -> bool:
    """Whether one of a run's processes is seen to live."""
    return any(owner.is_alive() for owner in owners)


def _changed_at(path: os.PathLike[str]) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116  # asked of each live run
    except OSError:
        return 0.0
