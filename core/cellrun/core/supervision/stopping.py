"""Stops a job before it ends by itself: SIGINT, SIGTERM, SIGKILL, each shown while it happens.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import signal
import time

from cellrun.core.processes import run_mounts
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.store.ending import Ending
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.cancel_signal import requests
from cellrun.core.supervision.run_folder import RunFolder
from cellrun.core.supervision.watched_job import WatchedJob

LEAVE_S = 0.5  # helpers of multiprocessing and the like end by themselves, right after the main process
_LOOK_S = 0.25


class Stopping:
    """The stopping of one job.

    Responsibilities: each signal in its turn, the next one after a grace or at one more cancel request; what the run's
    status says meanwhile.
    """

    def __init__(self, layout: RunFolder, job: WatchedJob, grace_s: float) -> None:
        self._layout = layout
        self._job = job
        self._grace_s = grace_s
        self._family = ProcessFamily(layout.origin, job.identity)
        self._answered = requests(layout)

    def stop(self, why: str, end: Ending) -> None:
        """Stop the job and what it has started. `why` begins what the status says, `end` is what the run comes to.

        The main process is interrupted first, so that its `finally` blocks run and it can keep what it has computed.
        """

        def tell(number: signal.Signals) -> None:
            self._answered = requests(self._layout)
            StatusFile(self._layout).show(
                Status.CANCEL_REQUESTED, reason=f"{why}: {self._step(number)}", **end.to_fields()
            )

        deadline = time.monotonic() + self._grace_s
        tell(
            signal.SIGINT
        )  # first: should this supervisor be killed now, whoever adopts the job knows how it is to end
        self._family.interrupt()
        while not self._job.poll() and time.monotonic() < deadline and not self._is_urged():
            self._job.wait(min(_LOOK_S, self._grace_s))
            self._family.interrupt()
        if self._job.poll():
            run_mounts.release(self._layout.origin)
            self._family.wait(LEAVE_S)
        self._family.stop(self._grace_s, self._is_urged, tell)

    def _step(self, number: signal.Signals) -> str:
        """Say what a signal did to the job, and what comes next."""
        after = f"if it goes on after {self._grace_s:g} s, or at once by another cancel"
        if number is signal.SIGINT:
            return f"interrupted as by Ctrl-C (SIGINT); told to end {after}"
        return f"told to end (SIGTERM); killed {after}" if number is signal.SIGTERM else "killed (SIGKILL)"

    def _is_urged(self) -> bool:
        """Whether a cancel request has come since the last step."""
        self._job.poll()  # its end is noticed now, not only when all the others have gone
        return requests(self._layout) > self._answered
