"""The control of a run: cancel, complete, fail; from outside, or in the run's own job."""

from __future__ import annotations

import time
import warnings
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import ComputeTargetException, EventNotKeptError, RunClosedError, UserErrorException
from cellrun.core.front_end import plain
from cellrun.core.identity import is_own_run, is_parents_run
from cellrun.core.layout import RunLayout
from cellrun.core.store.ending import ask_to_cancel, is_asked_to_cancel, set_canceled
from cellrun.core.store.liveness import checked_status, in_sight, is_silent, is_unanswered, run_owners
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import check_is_there
from cellrun.core.store.status import Status, StatusFile, StatusRecord

if TYPE_CHECKING:
    from cellrun.core.targets.contract import ComputeTarget

_END_S, _LOOK_S = 5.0, 0.05
_BEFORE_RUNNING = frozenset({Status.NOT_STARTED, Status.QUEUED, Status.STARTING})
_GOES_ON = frozenset({*_BEFORE_RUNNING, Status.PREPARING, Status.RUNNING})


class RunControl:
    """A run from outside: another process, a supervisor or a kernel, owns it and sets its final status."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._ended: StatusRecord | None = None

    def status(self) -> StatusRecord:
        """Return the run's status. A run whose owner is proven dead is Failed from this look on.

        One that was asked to stop is CancelRequested, though its supervisor hasn't said so yet: whoever has canceled a
        run and asks for its status next sees that it was heard. Raises RunNotFoundError for a run that was deleted.
        """
        status = self._written_status()
        if status.status in _GOES_ON and is_asked_to_cancel(self._layout):
            return status._replace(status=Status.CANCEL_REQUESTED, reason=None)
        if is_unanswered(status) and is_asked_to_cancel(self._layout):  # it goes there as soon as that answers
            return status._replace(status=Status.CANCEL_REQUESTED)
        return status

    def _written_status(self) -> StatusRecord:
        check_is_there(self._layout)
        if self._ended is not None:
            return self._ended
        status = self._look()
        if status.status.is_terminal:  # for good
            self._ended = status
        return status

    def cancel(self, reason: str | None = None) -> None:
        """Ask for the run's end and that of its children; nothing happens to a run that has ended.

        A submitted run is stopped by its supervisor, with grace, and if its engine doesn't answer once that does. An
        interactive run is the user's own kernel, which nobody stops: it is Canceled at once, and the next log call
        there raises RunClosedError. Where the disk takes nothing, EventNotKeptError is raised, or
        ExperimentExecutionException for a submitted run.
        """
        before = self._written_status().status
        if before.is_terminal:
            return
        if self._record.kind == "interactive":
            try:
                set_canceled(self._layout, reason or "canceled from outside")
            except OSError as error:  # a read-only disk
                raise EventNotKeptError(self._layout.run_id, Status.CANCELED.word, error) from error
        else:
            self._ask_target()
            if not self._is_unanswered():  # it may go on over there, and is asked once it can be
                self._give_up(Status.CANCELED, reason or "canceled by somebody: it wasn't heard of any more")
        self._cancel_children(reason, again=before is Status.CANCEL_REQUESTED)

    def complete(self) -> None:
        """Say that the run is done: for its owner to say. Nothing happens to a run that is Completed.

        Raises UserErrorException if the run goes on, RunClosedError if it ended otherwise.
        """
        self._refuse_to_end(Status.COMPLETED)

    def fail(self, reason: str, **fields: Any) -> None:
        """Say that the run failed. A submitted one that goes on is stopped, as by `cancel`, and is Failed then.

        Of an interactive one that is for its owner to say, or for anybody if its owner isn't heard of. Nothing happens
        to a run that is Failed. Raises UserErrorException if the run goes on, RunClosedError if it ended otherwise.
        """
        status = self._written_status()
        if self._record.kind != "interactive" and not status.status.is_terminal:
            is_left = is_silent(status)
            ask_to_cancel(self._layout, reason or "declared failed by somebody")
            self._ask_target()
            if not is_left:
                self._await_end()
                return
        self._give_up(Status.FAILED, reason or "declared failed by somebody: it wasn't heard of any more", **fields)
        self._refuse_to_end(Status.FAILED)

    def refuse_own_wait(self) -> None:
        """Raise UserErrorException where waiting for the run's end would never end, as the run waits for the caller."""

    def enter(self) -> None:
        """Begin the run's `with` block: of a run that others own, it changes nothing."""

    def leave(self, error: BaseException | None) -> bool:  # noqa: ARG002  # what an owner needs
        """End the run's `with` block. Returns whether the error is taken care of."""
        return False

    def _cancel_children(self, reason: str | None, *, again: bool = False) -> None:
        """Ask for the end of the runs that are children of this one, each of which does so for its own.

        One that is being stopped already, by whoever drives it, goes to the next step only if it is asked `again`.
        """
        if not self._layout.workspace.record.exists():  # a run that was copied, or brought, is alone
            return
        from cellrun.core.store.lists.index import Index  # noqa: PLC0415  # it loads sqlite3; a job rarely cancels

        for row in Index(self._layout.workspace).runs(parent=self._layout.run_id):
            child = self._layout.workspace.run(row.id)
            if is_own_run(child):  # a step that cancels its pipeline: whoever drives it stops the step
                continue
            with suppress(*UNREADABLE):  # deleted meanwhile, damaged: nobody can ask for its end
                status = StatusFile(child).read().status
                if not status.is_terminal and (again or status is not Status.CANCEL_REQUESTED):
                    control_of(child).cancel(reason)

    @cached_property
    def _record(self) -> RunRecord:
        return RunRecord.read(self._layout)

    @cached_property
    def _target(self) -> ComputeTarget:
        from cellrun.core.targets.workspace_targets import WorkspaceTargets  # noqa: PLC0415  # a job never asks for one

        return WorkspaceTargets(self._layout.workspace).get(self._record.target)

    def _look(self) -> StatusRecord:
        if self._record.kind != "interactive":
            from cellrun.core.targets.look import look  # noqa: PLC0415  # as above

            with suppress(ComputeTargetException):  # a target that isn't known here: the folder tells what it can
                return look(self._target, [self._layout])[self._layout.run_id]
        return checked_status(self._layout)

    def _ask_target(self) -> None:
        """Have the run's target asked for its end, and what is asked brought there at once."""
        from cellrun.core.targets.keeper.client import wake  # noqa: PLC0415  # as above

        self._target.cancel(self._layout)
        if not self._target.shares_processes:
            wake(self._layout.workspace, self._target.name)

    def _is_unanswered(self) -> bool:
        return is_unanswered(StatusFile(self._layout).read())

    def _await_end(self) -> None:
        """Wait a little for a run that is being stopped: code that asks for its status next wants the last one."""
        until = time.monotonic() + _END_S
        while not self.status().status.is_terminal and time.monotonic() < until:
            time.sleep(_LOOK_S)

    def _give_up(self, to: Status, reason: str, **fields: Any) -> None:
        """End a run by a person's word that isn't heard of, and whose processes nobody sees."""
        status = StatusFile(self._layout).read()
        if is_silent(status) and not in_sight(run_owners(self._layout, self._record, status)):
            StatusFile(self._layout).change(to, expected={Status.NOT_RESPONDING}, reason=reason, **fields)

    def _refuse_to_end(self, to: Status) -> None:
        status = self.status().status
        if status is to:
            return
        if status.is_terminal:
            raise RunClosedError(self._layout.run_id, status)
        raise UserErrorException(
            f"run {self._layout.run_id} is {status.word} and another process's own, which sets its final status; "
            "run.cancel() stops it, run.wait_for_completion() waits for it"
        )


class PartControl(RunControl):
    """A run from a process that is part of it and doesn't own it: code that ends its own run can run there too."""

    def complete(self) -> None:
        """Do nothing: whoever owns the run completes it."""

    def fail(self, reason: str, **fields: Any) -> None:  # noqa: ARG002  # what an owner says
        """Warn: only its owner makes a run Failed."""
        words = f"run.fail() doesn't end the run that this code is part of; it said: {reason}"
        warnings.warn(plain(words), stacklevel=3)


class JobControl(PartControl):
    """A submitted run from within: its supervisor sets the final status when the script ends, by how it ends."""

    def cancel(self, reason: str | None = None) -> None:  # noqa: ARG002  # what an owner says
        """Warn: a run doesn't stop itself."""
        warnings.warn("run.cancel() does nothing inside the run itself: end the script", stacklevel=3)

    def refuse_own_wait(self) -> None:
        """Refuse to wait in the run's own code, which the run ends with."""
        if not self.status().status.is_terminal:
            raise UserErrorException(
                f"this code is part of run {self._layout.run_id}, which ends when its script does, so waiting for it "
                "would never end; leave wait_for_completion() out (complete() isn't needed here either)"
            )

    def _look(self) -> StatusRecord:
        status = StatusFile(self._layout).read()
        if status.status in _BEFORE_RUNNING:  # its supervisor hasn't written it yet, but here it is
            return status._replace(status=Status.RUNNING, started_at=status.at)
        return status


def control_of(layout: RunLayout) -> RunControl:
    """Return the control that this process has over a run that it doesn't own."""
    if is_own_run(layout):
        return JobControl(layout)
    return PartControl(layout) if is_parents_run(layout) else RunControl(layout)
