"""How a job is stopped before it ends by itself: SIGINT, SIGTERM, SIGKILL, each shown while it happens.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import signal
import time

from cellrun.core.layout import RunLayout
from cellrun.core.status import Status
from cellrun.core.store.cancellation import cancel_requests
from cellrun.core.store.status_file import StatusFile
from cellrun.core.supervision.family import ProcessFamily
from cellrun.core.supervision.watched_job import WatchedJob

LEAVE_S = 0.5  # helpers of multiprocessing and the like end by themselves, right after the main process
_LOOK_S = 0.25
_STEPS = {
    signal.SIGINT: "interrupted as by Ctrl-C (SIGINT)",
    signal.SIGTERM: "told to end (SIGTERM)",
    signal.SIGKILL: "killed (SIGKILL)",
}
_NEXT = {signal.SIGINT: "told to end", signal.SIGTERM: "killed"}


class Stopping:
    """The stopping of one job.

    Responsibilities: each signal in its turn, the next one after a grace or at one more cancel request; what the run's
    status says meanwhile.
    """

    def __init__(self, layout: RunLayout, job: WatchedJob, grace_s: float) -> None:
        self._layout = layout
        self._job = job
        self._grace_s = grace_s
        self._family = ProcessFamily(layout, job.identity)
        self._answered = cancel_requests(layout)

    def stop(self, why: str) -> None:
        """Stop the job and what it has started. `why` begins what the status says.

        The main process is interrupted first, so that its `finally` blocks run and it can keep what it has computed.
        """

        def tell(number: signal.Signals) -> None:
            self._answered = cancel_requests(self._layout)
            reason = f"{why}: {_STEPS[number]}"
            if number in _NEXT:
                reason += f"; {_NEXT[number]} if it goes on after {self._grace_s:g} s, or at once by another cancel"
            StatusFile(self._layout).change(Status.CANCEL_REQUESTED, reason=reason)

        deadline = time.monotonic() + self._grace_s
        self._family.interrupt()
        tell(signal.SIGINT)
        while not self._job.poll() and time.monotonic() < deadline and not self._is_urged():
            self._job.wait(min(_LOOK_S, self._grace_s))
            self._family.interrupt()
        if self._job.poll():
            self._family.wait(LEAVE_S)
        self._family.stop(self._grace_s, self._is_urged, tell)

    def _is_urged(self) -> bool:
        """Whether a cancel request has come since the last step."""
        self._job.poll()  # its end is noticed now, not only when all the others have gone
        return cancel_requests(self._layout) > self._answered
