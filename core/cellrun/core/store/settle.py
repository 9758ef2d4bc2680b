"""The look at a run that notices when its owner is gone, and says so for good; or isn't heard of, and says that."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cellrun.core.disk import control_file
from cellrun.core.disk.ownership import is_mine
from cellrun.core.disk.whole_files import write_new
from cellrun.core.identity import ProcessIdentity, boot_time
from cellrun.core.layout import RunLayout
from cellrun.core.own_run import is_own_run
from cellrun.core.processes import run_mounts
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.status import Status
from cellrun.core.store.ending import Ending
from cellrun.core.store.record import RunRecord
from cellrun.core.store.silence import SILENCE, are_proven_dead, heartbeat, in_sight, is_old, is_silent
from cellrun.core.store.status_file import StatusFile, StatusRecord
from cellrun.core.store.target_file import is_elsewhere

_WAITING = frozenset({Status.NOT_STARTED, Status.PREPARING})


def settle(layout: RunLayout) -> StatusRecord:
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
    return SILENCE.notice(layout, status, beat, is_in_sight=is_in_sight)


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
    told = Ending.told(status)
    left = Ending.left(layout, owners[-1]) if len(owners) > 1 and not told else None  # a supervisor and its job
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
