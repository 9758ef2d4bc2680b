"""The end of a run: requested, announced with its status once it is decided, written when all is in order.

Whoever finds that nobody is left to write it writes what was told. Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from contextlib import suppress
from typing import Any, NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import folder_beneath
from cellrun.core.errors import DamagedRunError
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.processes.exits import UNKNOWN_EXIT, JobExit, exit_seen
from cellrun.core.store import failure
from cellrun.core.store.completion import Completion
from cellrun.core.store.status import Status, StatusFile, StatusRecord

DELIVERS = "delivers"
"""The field of a status that says that outputs are brought into datastores once the job has completed."""
OUTPUTS_LOST = "lost before its outputs were in their datastores"


class Ending(NamedTuple):
    """The end of a run."""

    status: Status
    """The final one."""
    reason: str | None
    fields: dict[str, Any]
    """What the status keeps of it besides."""

    @classmethod
    def of_exit(
        cls, layout: RunLayout, how: JobExit, *, is_shell: bool = False, memory_lack: str | None = ""
    ) -> Ending:
        """Return the end of a run whose job has ended by itself, or was killed by somebody else."""
        end = failure.LogEnd.read(layout.log)
        fields = failure.fields(how, end)
        if how.code == 0:
            return cls(Status.COMPLETED, None, fields)
        reason = failure.reason(how, end, is_shell=is_shell, memory_lack=memory_lack)
        return cls(Status.FAILED, reason, fields)

    @classmethod
    def announced(cls, status: StatusRecord) -> Ending | None:
        """Return the end that a run is about to come to, by what its status tells; None if that isn't decided yet."""
        ends = status.fields.get("ends")
        return cls(Status(ends["status"]), ends.get("reason"), {}) if ends else None

    @classmethod
    def left(cls, layout: RunLayout, job: ProcessIdentity | None, status: StatusRecord) -> Ending | None:
        """Return the end of a run of which nobody is left, by what its job has left; None if that is nothing."""
        how = exit_left(layout, job)
        if how.code is None:  # what was killed has disappeared
            return None
        end = cls.of_exit(layout, how)
        return end.without_outputs() if status.fields.get(DELIVERS) else end

    def without_outputs(self) -> Ending:
        """Return the end of a run whose outputs nobody brings into their datastores any more."""
        return self._replace(status=Status.FAILED, reason=OUTPUTS_LOST) if self.status is Status.COMPLETED else self

    def to_fields(self) -> dict[str, Any]:
        """Return what tells it, also ahead in a status that isn't the last."""
        return {**self.fields, "ends": {"status": self.status.value, "reason": self.reason}}

    def write(self, layout: RunLayout, *, expected: Collection[Status] | None = None) -> StatusRecord | None:
        """End the run so. Returns what was written, as `StatusFile.change` does."""
        fields = self.to_fields()
        if self.status is Status.CANCELED:
            return set_canceled(layout, self.reason, expected=expected, **fields)
        return StatusFile(layout).change(self.status, expected=expected, reason=self.reason, **fields)


def exit_left(layout: RunLayout, job: ProcessIdentity | None) -> JobExit:
    """Return how a job ended that nobody was there to ask, as the system or the job itself has left word of it.

    `job` is None if nobody has written who that is: then whoever left word was it.
    """
    how = exit_seen(job) if job else UNKNOWN_EXIT
    if how != UNKNOWN_EXIT:
        return how
    completion = Completion.read(layout)
    is_its = completion and (job is None or completion.process == job)
    return JobExit(completion.exit_code, None) if completion and is_its else UNKNOWN_EXIT


_FAILS = "fails"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def ask_to_cancel(layout: RunLayout, fails: str | None = None) -> None:
    """Leave a request for whoever owns the run; a run that has ended needs none.

    `fails`: why it is Failed then; without that it is Canceled. The first who asks says which.

    Until the run is being stopped one is enough, however many ask; from then on each one more asks for the next step.
    Raises OSError where the disk takes no file more.
    """
    status = StatusFile(layout).read().status
    if status.is_terminal:
        return
    layout.cancel_request.parent.mkdir(exist_ok=True)
    told = {"by": ProcessIdentity.current().to_json(), **({} if fails is None else {_FAILS: fails})}
    request = (json.dumps(told) + "\n").encode()
    if status is Status.CANCEL_REQUESTED:
        control_file.append(layout.folder, layout.cancel_request, request)
        return
    with suppress(FileExistsError), folder_beneath(layout.folder, [layout.cancel_request.parent.name]) as folder:
        fd = os.open(layout.cancel_request.name, _NEW, 0o666, dir_fd=folder)
        with os.fdopen(fd, "wb", buffering=0) as file, suppress(OSError):
            file.write(request)  # on a full disk it stays empty, and asks as well


def is_asked_to_cancel(layout: RunLayout) -> bool:
    """Whether somebody has left a request."""
    return cancel_requests(layout) > 0


def cancel_requests(layout: RunLayout) -> int:
    """Return how many requests were left; one that is being written counts if it is the first."""
    try:
        return max(1, control_file.read_control_file(layout.folder, layout.cancel_request).count(b"\n"))
    except OSError:  # there is none, or nobody can see it
        return 0
    except DamagedRunError:  # whatever it is, it stands where a request does
        return 1


def set_canceled(
    layout: RunLayout, reason: str | None, *, expected: Collection[Status] | None = None, **fields: Any
) -> StatusRecord | None:
    """End a run as Canceled, which its owner does, or who has proven that it has none. Returns what was written.

    One that somebody has declared failed while it went on is Failed.
    """
    if (why := _declared_failed(layout)) is not None:
        return StatusFile(layout).change(Status.FAILED, expected=expected, reason=why, **fields)
    return StatusFile(layout).change(Status.CANCELED, expected=expected, reason=reason, **fields)


def _declared_failed(layout: RunLayout) -> str | None:
    """Return why whoever asked for a run's end said that it has failed; None if nobody did."""
    try:
        first, _, _ = control_file.read_control_file(layout.folder, layout.cancel_request).partition(b"\n")
        told = control_file.parsed(layout.folder, layout.cancel_request, first)
    except (OSError, DamagedRunError):  # nobody asked, or a full disk took the question alone
        return None
    why = told.get(_FAILS)
    return why if isinstance(why, str) else None
