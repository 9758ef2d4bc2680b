"""A run that lost its supervisor, its process or its ticket: brought back on its way, or its end written down.

Standard library only: an ending supervisor shares it.
"""

from __future__ import annotations

import time
from contextlib import suppress

from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.identity import ProcessIdentity, boot_time, host_name, is_own_run
from cellrun.core.layout import RunLayout
from cellrun.core.processes import process_table
from cellrun.core.processes.family import ProcessFamily, is_of_run
from cellrun.core.store.completion import Completion
from cellrun.core.store.ending import Ending
from cellrun.core.store.liveness import are_proven_dead, checked_status, restart_reason
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile, StatusRecord
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses
from cellrun.core.supervision.start import SupervisorStart
from cellrun.core.supervision.work_cleanup import tidy

_BEGINNING_S = 10.0
"""Longer than this no supervisor takes to write who it is."""
_USUAL_S = 1.0
"""So long one that was started is believed to be about to do that: to look for it takes a look at every process."""


def needs_care(layout: RunLayout, status: StatusRecord) -> bool:
    """Whether a run waits for a place or for a supervisor: the cheap question of every look."""
    if status.status.is_terminal or (status.status is Status.NOT_STARTED and not layout.claim.exists()):
        return False
    if status.status is Status.QUEUED:
        return True
    processes = ProcessFile(layout).read()
    if processes is None:
        return not _has_just_begun(layout, _USUAL_S)
    return are_proven_dead(layout, [processes.supervisor])


def recover(layout: RunLayout, launch: str = "") -> bool:
    """Adopt the job of a run that was started and has lost its supervisor, or write its end down.

    `launch` is the hash of its launch spec, if its ticket has it.
    Returns whether the run has ended. To be called with the queue held.
    """
    try:
        status, processes = checked_status(layout), ProcessFile(layout).read()
        is_lost = processes is None or are_proven_dead(layout, [processes.supervisor])
        if not status.status.is_terminal and _is_watched(layout, processes, is_lost=is_lost):
            return False
        job = _living_job(layout, processes)
        if processes and job is None:
            status = checked_status(layout)  # its job may have ended between the two looks
    except (OSError, ValueError, KeyError):  # removed or damaged: its place is kept for as long as it has a process
        return not _is_anybody_left(layout)
    if status.status.is_terminal:
        if is_lost:  # it couldn't see to it that nobody is left, nor put things in order
            ProcessFamily(layout, job).stop(0)
            with suppress(OSError):
                tidy(layout)
        return True
    if job:
        with suppress(ExperimentExecutionException):  # no process to be had: the next look tries again
            SupervisorStart.adopting(layout, launch).wait()
        return False
    left = None if processes else Ending.left(layout, None, status)
    # Its supervisor has hardly begun, or was killed then; or its folder, maybe a copy, names somebody else's process.
    if left is None and _is_anybody_left(layout):
        return False
    has_ended = _end(layout, status, left or Ending(Status.FAILED, "supervisor and job disappeared", {}))
    if has_ended:
        ProcessFamily(layout, job=None).stop(0)  # daemons of a job that has left word of its end
    return has_ended


def recover_without_ticket(layout: RunLayout, *, is_known: bool) -> None:
    """Do the same for a run that the queue doesn't know: its ticket was removed by hand.

    `is_known`: whether this is the queue that it was in; else nothing is said of a run that waits.
    """
    status = StatusFile(layout).read()
    if status.status is not Status.QUEUED:
        if needs_care(layout, status):
            recover(layout)
    elif is_known:
        _end(layout, status, Ending(Status.FAILED, "its place in the local queue is gone; submit it again", {}))


def _living_job(layout: RunLayout, processes: RunProcesses | None) -> ProcessIdentity | None:
    """Return the run's job if it lives and its supervisor, if it didn't write who that is, doesn't."""
    if processes is None:
        oldest, left = ProcessFamily(layout, job=None).orphaned_job(), Completion.read(layout)
        has_ended = left and oldest and left.process != oldest and left.process.started <= oldest.started
        return None if has_ended else oldest  # what began after the one that left word of its end is a daemon of it
    return processes.job if processes.job and is_of_run(processes.job, layout) else None


def _is_anybody_left(layout: RunLayout) -> bool:
    """Whether a process of the run lives here: one that shows it is the run's, for want of another identity."""
    if is_own_run(layout):
        return True
    if process_table.is_there():
        return bool(ProcessFamily(layout, job=None).members())
    return _has_just_begun(layout, _BEGINNING_S)  # macOS


def _is_watched(layout: RunLayout, processes: RunProcesses | None, *, is_lost: bool) -> bool:
    """Whether a run is left to its supervisor, which lives or is believed to."""
    if processes is None:
        return _has_just_begun(layout, _USUAL_S)
    return not (is_lost and process_table.is_there())  # macOS: nothing tells whose process it is


def _has_just_begun(layout: RunLayout, most_s: float) -> bool:
    """Whether a run came to its supervisor so shortly ago."""
    try:
        return 0 <= time.time() - layout.claim.stat().st_mtime < most_s
    except OSError:
        return False


def _end(layout: RunLayout, status: StatusRecord, end: Ending) -> bool:
    """End a run so, unless it is another machine's or container's. Returns whether it has ended."""
    told = RunRecord.read(layout).created_by
    if not told:
        return False
    creator = ProcessIdentity.from_json(told)
    if creator.host == host_name() and not creator.is_this_boot:
        if _last_step(layout, status) > boot_time():  # of another machine of this name
            return False
        end = Ending(Status.FAILED, restart_reason(), {}) if end.status is Status.FAILED else end
    elif not creator.is_local:
        return False
    return end.write(layout, expected={status.status}) is not None


def _last_step(layout: RunLayout, status: StatusRecord) -> float:
    """Return when a run came to its supervisor, or into its queue; what is seen from outside may be written later."""
    try:
        return layout.claim.stat().st_mtime
    except OSError:
        return status.at
