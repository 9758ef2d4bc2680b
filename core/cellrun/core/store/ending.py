"""How a run ends: told with its status as soon as that is known, and written when all of it is in order.

Whoever finds that nobody is left to write it writes what was told. Standard library only: the supervisor shares it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.processes.exits import UNKNOWN_EXIT, JobExit, exit_seen
from cellrun.core.status import Status
from cellrun.core.store import failure
from cellrun.core.store.cancellation import set_canceled
from cellrun.core.store.completion import Completion
from cellrun.core.store.status_file import StatusFile, StatusRecord


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
    def told(cls, status: StatusRecord) -> Ending | None:
        """Return the end that a run is about to come to, by what its status tells; None if that isn't decided yet."""
        ends = status.fields.get("ends")
        return cls(Status(ends["status"]), ends.get("reason"), {}) if ends else None

    @classmethod
    def left(cls, layout: RunLayout, job: ProcessIdentity | None) -> Ending | None:
        """Return the end of a run of which nobody is left, by what its job has left; None if that is nothing."""
        how = exit_left(layout, job)
        return None if how.code is None else cls.of_exit(layout, how)  # what was killed has disappeared

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
