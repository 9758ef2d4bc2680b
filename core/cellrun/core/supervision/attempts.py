"""The attempts of a run whose engine takes its machine away and starts it again, in the same folder there.

Each has a claim of its own, so that of two supervisors of one attempt one starts the job; log, events and the working
folder just go on. Standard library only: it runs on the machine where the run does.
"""

from __future__ import annotations

from typing import NamedTuple

from cellrun.core.errors import RunClosedError
from cellrun.core.identity import ATTEMPT
from cellrun.core.layout import RunLayout
from cellrun.core.store.attempt import StatusAttempt
from cellrun.core.store.status import Status, StatusFile


class Attempt(NamedTuple):
    """One start of a run."""

    number: int
    """From 1 on."""

    @classmethod
    def next_of(cls, layout: RunLayout, reason: str) -> Attempt:
        """Return the attempt that is to be started now, nobody of the one before being left.

        A run that had begun is Queued from here on, for `reason`: its engine's words. Called twice, the
        second time nothing happens. Raises RunClosedError for one that has ended, OSError where that can't be written.
        """
        number = 1
        while layout.claim_of(number).exists():
            number += 1
        told = StatusAttempt(number, reason).fields()
        if number > 1:
            before = StatusFile(layout).read_whole()
            is_told = before.status is Status.QUEUED and before.fields.get("attempt") == number
            if not is_told and StatusFile(layout).change(Status.QUEUED, reason=reason, **told) is None:
                raise RunClosedError(layout.run_id, before.status.value)
        return cls(number)

    def variables(self) -> dict[str, str]:
        """Return what its supervisor's environment has besides, by which the job's events name it."""
        return {ATTEMPT: str(self.number)}
