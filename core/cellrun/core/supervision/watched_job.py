"""A job as its supervisor sees it: when it ends, and how.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
import select
import time

from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes import process_table
from cellrun.core.processes.exits import JobExit, exit_seen

_LOOK_S = 0.05  # where the system can't wake us up when a process ends


class WatchedJob:
    """The job of a run: the supervisor's own child, or one that it took over, whose exit code goes to somebody else."""

    def __init__(self, identity: ProcessIdentity, *, is_own: bool) -> None:
        self.identity = identity
        self._is_own = is_own
        self._exit: JobExit | None = None
        self._woken = select.poll()
        self._pidfd = -1
        if hasattr(os, "pidfd_open"):
            try:
                self._pidfd = os.pidfd_open(identity.pid)
            except ProcessLookupError:  # a job that was taken over has just ended
                return
            self._woken.register(self._pidfd, select.POLLIN)

    @classmethod
    def own(cls, pid: int) -> WatchedJob:
        """Watch a child of this process, alive or not yet asked for its exit."""
        entry = process_table.process(pid)
        return cls(entry.identity if entry else ProcessIdentity.of(pid), is_own=True)

    @property
    def age_s(self) -> float:
        """How long ago it was started; 0 where the system doesn't tell."""
        entry = process_table.process(self.identity.pid)
        return entry.age_s if entry and entry.started == self.identity.started else 0.0

    def poll(self) -> JobExit | None:
        """Return how it ended; None while it runs."""
        if self._exit is None:
            self._exit = self._exit_of_child() if self._is_own else self._exit_of_stranger()
        return self._exit

    def wait(self, timeout_s: float) -> None:
        """Wait until it ends, or so long."""
        if self._pidfd >= 0:
            self._woken.poll(timeout_s * 1000)
        else:
            time.sleep(min(timeout_s, _LOOK_S))

    def _exit_of_child(self) -> JobExit | None:
        pid, status = os.waitpid(self.identity.pid, os.WNOHANG)
        return JobExit.of_wait_status(status) if pid else None

    def _exit_of_stranger(self) -> JobExit | None:
        return None if self.identity.is_alive() else exit_seen(self.identity, self._pidfd)
