"""Admission: starts the runs of the queue that may start; called by submissions, ending supervisors and readers.

Standard library only: an ending supervisor shares it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from cellrun.core import resources
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import (
    CellrunError,
    ComputeTargetException,
    DamagedRunError,
    ExperimentExecutionException,
    problem_of,
)
from cellrun.core.layout import RunLayout
from cellrun.core.store.ending import is_asked_to_cancel, set_canceled
from cellrun.core.store.liveness import checked_status, is_silent, restart_reason
from cellrun.core.store.notes import add_note
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.launch_spec import LaunchSpec, job_environment
from cellrun.core.supervision.start import ProcessLimitError, SupervisorStart
from cellrun.core.targets.local.queue import LocalQueue, Ticket
from cellrun.core.targets.local.recovery import recover

NOT_STARTED = frozenset({Status.NOT_STARTED, Status.QUEUED})
"""The statuses of a run that nobody has begun to start."""


def main(queue_folder: str) -> None:
    """Make the pass when a run has ended. It is left to others where the queue can't be held."""
    queue = LocalQueue(queue_folder)
    with suppress(ComputeTargetException, OSError), queue.locked():
        look_after(queue)
        admit(queue)


def tend(queue_folder: str) -> None:
    """Make the pass now and then, if runs wait or run and nobody else is at it: whoever should have may be gone."""
    queue = LocalQueue(queue_folder)
    with suppress(ComputeTargetException, OSError):
        if queue.length():
            with queue.locked(wait=False) as is_held:
                if is_held:
                    look_after(queue)
                    admit(queue)


def tend_own() -> None:
    """Do that for this user's and machine's queue, if there is one: what a server or kernel does that starts."""
    with suppress(CellrunError, OSError):
        if queue := LocalQueue.existing():
            tend(str(queue.folder))


def admit(queue: LocalQueue, ahead: SupervisorStart | None = None) -> None:
    """Start the runs that wait, in order, as far as there is room. To be called with the queue held.

    `ahead` is a supervisor that was started before its run came to the queue.
    """
    waiting = queue.waiting()
    if not waiting:
        return
    running = queue.running()
    has_looked = False
    for ticket in _in_order(waiting, running):
        if not (ticket.is_of_here or queue.is_abandoned(ticket)):
            return
        if not _has_room(ticket, running) and not has_looked:  # some of them may have ended unseen
            has_looked = True
            look_after(queue)
            running = queue.running()
        going_on = running if _has_room(ticket, running) else _going_on(ticket, running, waiting)
        if not _has_place(ticket, going_on):  # of its cluster: those behind it may be of none
            continue
        if not _fits(ticket, going_on):
            return
        try:
            started = _start(queue, ticket, _free_devices(ticket, going_on), ahead)
        except ProcessLimitError:  # it waits on, and so do those behind it
            return
        if started:
            running.append(started)


def reasons(queue: LocalQueue) -> dict[str, str]:
    """Return why each run waits, by id, and how many are before it. To be called with the queue held."""
    waiting, running = queue.waiting(), queue.running()
    return {
        ticket.layout.run_id: " · ".join(filter(None, (_lacks(ticket, running), f"{place} before it" if place else "")))
        for place, ticket in enumerate(_in_order(waiting, running))
    }


def cancel_waiting(queue: LocalQueue, run_id: str) -> None:
    """Cancel a run that was asked to be, if it is still waiting. To be called with the queue held."""
    for ticket in queue.waiting():
        if ticket.layout.run_id == run_id and _ended_while_waiting(ticket, StatusFile(ticket.layout)):
            queue.remove(ticket)


def look_after(queue: LocalQueue) -> None:
    """Forget the runs that have ended and adopt those whose supervisor died. To be called with the queue held."""
    queue.sweep()
    for ticket in queue.running():
        layout = ticket.layout
        if not ticket.is_of_here:
            if _is_over_elsewhere(layout):
                queue.remove(ticket)
        elif not layout.claim.exists() and layout.folder.exists():  # whoever was starting it was killed meanwhile
            queue.send_back(ticket)
        elif recover(layout, ticket.launch):
            queue.remove(ticket)
        else:
            queue.confirm(ticket)


def _is_over_elsewhere(layout: RunLayout) -> bool:
    """Whether a run of another container holds nothing of this machine any more, as far as can be seen."""
    try:
        status = checked_status(layout)
    except FileNotFoundError:
        return True
    except UNREADABLE:
        return False
    return status.status.is_terminal or is_silent(status)


def _in_order(waiting: list[Ticket], running: list[Ticket]) -> list[Ticket]:
    """Return who waits in the order in which they start: first those for which a run waits that holds room."""
    holding = _holding(running)
    return sorted(waiting, key=lambda ticket: holding.isdisjoint(ticket.above))


def _holding(running: list[Ticket]) -> set[str]:
    """Return the ids of the runs that hold room; the others drive runs."""
    return {ticket.layout.run_id for ticket in running if ticket.resources.cpus or ticket.resources.gpus}


def _going_on(ticket: Ticket, running: list[Ticket], waiting: list[Ticket]) -> list[Ticket]:
    """Return who of those that run goes on for certain, as a run sees it that has no room.

    Where all that hold room have children that wait, they may wait for these, each for room that another one holds, for
    ever: then the first of the children has the room of all.
    """
    holding = _holding(running)
    has_children = {above for other in waiting for above in other.above}
    if holding.isdisjoint(ticket.above) or not holding <= has_children:
        return running
    return [other for other in running if other.layout.run_id not in holding]


def _beside(ticket: Ticket, running: list[Ticket]) -> list[Ticket]:
    """Return the runs whose room a run can't have: not those that it is a child of, which may wait for its end."""
    return [other for other in running if other.layout.run_id not in ticket.above]


def _has_room(ticket: Ticket, running: list[Ticket]) -> bool:
    return _has_place(ticket, running) and _fits(ticket, running)


def _has_place(ticket: Ticket, running: list[Ticket]) -> bool:
    """Whether a run's cluster, if it is of one, has a place for it."""
    share = ticket.share
    if share is None:
        return True
    taken = sum(other.share.taken for other in _beside(ticket, running) if other.share and other.share.of == share.of)
    return not taken or taken + share.taken <= share.places


def _fits(ticket: Ticket, running: list[Ticket]) -> bool:
    """Whether a run has room beside those that run. Alone it always has: else it would wait for ever."""
    others = _beside(ticket, running)
    if not _holding(others):
        return True
    most = resources.capacity()
    asked = [ticket.resources, *(other.resources for other in others)]
    return (
        sum(one.cpus for one in asked) <= most.cpus
        and sum(one.memory_bytes for one in asked) <= most.memory_bytes
        and ticket.resources.gpus <= len(_free_devices(ticket, running))
    )


def _lacks(ticket: Ticket, running: list[Ticket]) -> str:
    """Return what a run waits for beside those that run: what of the machine is taken, else its turn."""
    asked, most, others = ticket.resources, resources.capacity(), _beside(ticket, running)
    free_cpus = most.cpus - sum(other.resources.cpus for other in others)
    free_bytes = most.memory_bytes - sum(other.resources.memory_bytes for other in others)
    lacks = [
        "" if _has_place(ticket, running) else "a node of its cluster",
        _gpus(asked.gpus) if asked.gpus > len(_free_devices(ticket, running)) else "",
        _cores(asked.cpus) if asked.cpus > free_cpus else "",
        f"{asked.memory_bytes / 2**30:.3g}G of memory" if asked.memory_bytes > free_bytes else "",
    ]
    return f"waits for {', '.join(filter(None, lacks)) or 'its turn'}"


def _gpus(number: int) -> str:
    return "1 GPU" if number == 1 else f"{number} GPUs"


def _cores(number: int) -> str:
    return "1 core" if number == 1 else f"{number} cores"


def _free_devices(ticket: Ticket, running: list[Ticket]) -> list[str]:
    taken = {device for other in _beside(ticket, running) for device in other.devices}
    return [device for device in ticket.devices if device not in taken]


def _start(queue: LocalQueue, ticket: Ticket, free_devices: list[str], ahead: SupervisorStart | None) -> Ticket | None:
    """Start the run of a ticket. Returns the ticket that holds its resources; None if it needs none any more.

    Raises ProcessLimitError for a run that has waited and has to wait on.
    """
    layout, status = ticket.layout, StatusFile(ticket.layout)
    try:
        spec = LaunchSpec.read(layout, ticket.launch)
        has_ended = _ended_while_waiting(ticket, status)
        has_waited = status.read().status is Status.QUEUED
    except (OSError, DamagedRunError) as error:  # gone or damaged: it must not hold up those behind it
        with suppress(OSError, DamagedRunError):
            if layout.record.exists():  # whatever else a ticket names is no run's: nothing is written there
                status.change(Status.FAILED, reason=f"it can't be started: {problem_of(error)}")
        queue.remove(ticket)
        return None
    if has_ended:
        queue.remove(ticket)
        return None
    running = queue.mark_running(ticket, free_devices[: ticket.resources.gpus])
    environment, missing = job_environment(spec, layout, ticket.environment, os.environ)
    if running.devices:
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(running.devices)
    try:
        supervisor = ahead
        if supervisor is None or supervisor.layout.folder != layout.folder:
            supervisor = SupervisorStart(layout, spec.supervisor, environment)
        supervisor.run(spec, ticket.launch)
        if not spec.before:  # else it is Preparing at once
            status.show(Status.STARTING, expected=NOT_STARTED, **_notes(status, missing))  # while it starts
        elif missing:
            with suppress(OSError):  # a full disk
                add_note(layout, _note(missing))
        supervisor.wait()
    except ExperimentExecutionException as error:
        if has_waited and isinstance(error, ProcessLimitError):
            status.change(Status.QUEUED, expected={Status.STARTING})
            queue.send_back(ticket)
            raise
        status.change(Status.FAILED, reason=str(error))
        queue.remove(ticket)
        return None
    queue.confirm(ticket)
    return running


def _ended_while_waiting(ticket: Ticket, status: StatusFile) -> bool:
    if ticket.is_of_earlier_boot:
        status.change(Status.FAILED, expected=NOT_STARTED, reason=restart_reason())
    elif is_asked_to_cancel(ticket.layout):
        set_canceled(ticket.layout, "canceled while it was waiting", expected=NOT_STARTED)
    return status.read().status.is_terminal


def _notes(status: StatusFile, missing: list[str]) -> dict[str, Any]:
    """Return the notes of a run that another process than the first one started, without some of its variables."""
    return {"notes": [*status.read().fields.get("notes", ()), _note(missing)]} if missing else {}


def _note(missing: list[str]) -> str:
    listed = ", ".join(sorted(missing))
    return f"started without the variables {listed}: a run keeps their names, not their values"
