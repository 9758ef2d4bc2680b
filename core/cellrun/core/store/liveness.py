"""Whether a run's owner is there, silent or gone; a run whose owner is proven gone is ended by whoever looks.

Standard library only: the supervisor takes the word of a silence back by it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.disk import control_file
from cellrun.core.disk.ownership import is_mine
from cellrun.core.disk.whole_files import write_new
from cellrun.core.errors import CellrunError
from cellrun.core.identity import ProcessIdentity, boot_time, is_own_run
from cellrun.core.layout import RunLayout
from cellrun.core.processes import run_mounts
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.resources import duration_text, limits
from cellrun.core.store.ending import Ending
from cellrun.core.store.record import RunRecord, is_elsewhere
from cellrun.core.store.status import Status, StatusFile, StatusRecord

_WAITING = frozenset({Status.NOT_STARTED, Status.PREPARING})


def checked_status(layout: RunLayout) -> StatusRecord:
    """Return a run's status; if it can be proven that nobody is left to end it, this look ends it.

    It ends as its status tells that it was about to, or by the exit that its job has left; else it is Failed and says
    why. Whatever of it is left is stopped first.

    Only a process that would be seen from here can be proven dead: a run of another host or container, or of a target
    whose processes aren't this machine's, is left alone, however old it looks. If it shows no sign of life, it is
    NotResponding. A Queued run has no process and needs none. Raises DamagedRunError for a run whose last status is
    damaged: how it ended is not known, and nothing is written over that.
    """
    status = StatusFile(layout).read()
    if status.status.is_terminal or status.status is Status.QUEUED:
        return status
    record = RunRecord.read(layout)
    if status.n < 0:  # no folder is a run's before it has one: what they said is lost, it may have been Completed
        raise control_file.damaged(layout.folder, layout.statuses, "is without a status")
    owners = run_owners(layout, record, status)
    if are_proven_dead(layout, owners):
        if is_elsewhere(layout):
            return status
        had_supervisor = layout.claim.exists() and any(owner.is_this_boot for owner in owners)
        return _settle(layout, status, _end(layout, record, status, owners), had_supervisor=had_supervisor)
    beat, is_in_sight = heartbeat(layout), in_sight(owners)
    if (
        not (is_old(beat) or is_silent(status))
        or (is_in_sight and record.kind == "interactive")
        or is_elsewhere(layout)
    ):
        return status  # one call may keep a kernel busy for an hour, and elsewhere the target tells
    return HEARTBEAT_MONITOR.notice(layout, status, beat, is_in_sight=is_in_sight)


def _settle(layout: RunLayout, status: StatusRecord, end: Ending, *, had_supervisor: bool) -> StatusRecord:
    if not is_mine(layout.folder):
        return status._replace(status=end.status, reason=end.reason)
    is_claimed_here = False
    try:
        if _is_unclaimed(layout, status) and not (is_claimed_here := _claimed(layout)):
            return StatusFile(layout).read()  # a supervisor has just begun: who gave it its order is gone since
        if had_supervisor and not is_own_run(layout):
            run_mounts.release(layout)
            ProcessFamily(layout, job=None).stop(0)  # daemons of it may be there still
            run_mounts.release(layout)  # what was about to be mounted
        # Compare-and-set: an owner that wrote how it ended between our two looks is believed.
        return end.write(layout, expected={status.status}) or StatusFile(layout).read()
    except OSError:  # not ours to write, a full disk: it is as dead for all that
        if is_claimed_here:
            layout.claim.unlink(missing_ok=True)
        return status._replace(status=end.status, reason=end.reason)


def _is_unclaimed(layout: RunLayout, status: StatusRecord) -> bool:
    """Whether a submitted run waits for its supervisor, which may be about to begin."""
    return status.status in _WAITING and not status.fields.get("owner") and not layout.processes.exists()


def _claimed(layout: RunLayout) -> bool:
    """Take the place of a run's supervisor, so that none begins any more; False if one has. Raises OSError."""
    try:
        write_new(layout.claim, b"")
    except FileExistsError:
        return False
    return True


def run_owners(layout: RunLayout, record: RunRecord, status: StatusRecord) -> list[ProcessIdentity]:
    """Return the processes of which one is enough to bring a run that hasn't ended to its end."""
    found: list[Mapping[str, Any]] = []
    if status.fields.get("owner"):
        found.append(status.fields["owner"])
    elif record.kind != "interactive" and layout.processes.exists():
        told = control_file.read_object(layout.folder, layout.processes).values()
        found.extend(item for item in told if control_file.is_process(item))
    elif status.status in _WAITING and record.created_by and not layout.claim.exists():  # else a supervisor has it
        found.append(record.created_by)
    return [ProcessIdentity.from_json(item) for item in found]


def _end(layout: RunLayout, record: RunRecord, status: StatusRecord, owners: list[ProcessIdentity]) -> Ending:
    told = Ending.announced(status)
    left = Ending.left(layout, owners[-1], status) if len(owners) > 1 and not told else None  # a supervisor and its job
    return told or left or Ending(Status.FAILED, _reason(record, status, owners), {})


def _reason(record: RunRecord, status: StatusRecord, owners: list[ProcessIdentity]) -> str:
    if not any(owner.is_this_boot for owner in owners):
        return restart_reason()
    if record.kind == "interactive":
        program = record.argv[0] if record.argv else ""
        if record.cell or not program or "ipykernel" in program:
            return "the kernel went away without complete()"
        is_script = program.endswith(".py")
        return f"{Path(program).name} ended without complete()" if is_script else "its process ended without complete()"
    if status.status is Status.PREPARING:
        return "its supervisor was killed while things were made ready for it"
    if status.status in _WAITING:
        return "the process that submitted it went away before it was started"
    return "supervisor and job disappeared"


def restart_reason() -> str:
    """Say that the machine was restarted while a run hadn't ended, and when."""
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(boot_time()))
    return f"machine restarted at {at} (boot id changed)"


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


def restore_status(layout: RunLayout) -> None:
    """Let a run that is NotResponding have the status that it had before."""
    status = StatusFile(layout).read()
    if status.status is Status.NOT_RESPONDING:
        _heard(layout, status)


class HeartbeatMonitor:
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


HEARTBEAT_MONITOR = HeartbeatMonitor()
"""This process's own: all its looks are one watcher's."""


def in_sight(owners: list[ProcessIdentity]) -> bool:
    """Whether one of a run's processes is seen to live."""
    return any(owner.is_alive() for owner in owners)


def _changed_at(path: os.PathLike[str]) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116  # asked of each live run
    except OSError:
        return 0.0
