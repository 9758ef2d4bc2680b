"""A job as its supervisor sees it: when it ends, and how.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress

from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes import orphans, process_table
from cellrun.core.processes.exits import JobExit, exit_seen
from cellrun.core.processes.memory_group import MemoryGroup

_LOOK_S = 0.05  # where the system can't wake us up when a process ends


class WatchedJob:
    """The job of a run: the supervisor's own child, or one that it took over, whose exit code goes to somebody else.

    Responsibilities: when it ends and how; whether the system killed it for want of memory.
    """

    def __init__(self, identity: ProcessIdentity, *, is_own: bool) -> None:
        self.identity = identity
        self._is_own = is_own
        self._exit: JobExit | None = None
        self._memory = MemoryGroup.of(identity.pid)
        self._kills = [self._count_kills()]
        self.memory_lack: str | None = ""
        """Of a job that has ended, what it was short of if the system killed it for want of memory; empty if the system
        didn't, None if it doesn't tell."""
        self._woken = select.poll()
        self._pidfd = -1
        with suppress(ProcessLookupError):  # a job that was taken over has just ended
            self._pidfd = process_table.open_process(identity.pid)
        if self._pidfd >= 0:
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
            orphans.reap(but=self.identity.pid)
            self._exit = self._exit_of_child() if self._is_own else self._exit_of_stranger()
            if self._exit:
                self.memory_lack = self._found_memory_lack()
        return self._exit

    def wait(self, timeout_s: float) -> None:
        """Wait until it ends, or so long."""
        if self._pidfd >= 0:
            self._woken.poll(timeout_s * 1000)
        else:
            time.sleep(min(timeout_s, _LOOK_S))

    def beat(self) -> None:
        """Take notice that it lives: whom the system killed a while ago it can't have been."""
        self._kills = [self._kills[-1], self._count_kills()]

    def _found_memory_lack(self) -> str | None:
        """Look whether the system has killed it. Its control group counts whom it kills, and may hold others too.

        So what was counted one heartbeat before the last is left out: that can't have been the job.
        """
        before, now = self._kills[0], self._count_kills()
        if self._memory is None or before is None or now is None:
            return None
        return (self._memory.use() or "the machine has no more") if now > before else ""

    def _count_kills(self) -> int | None:
        return self._memory.kills() if self._memory else None

    def _exit_of_child(self) -> JobExit | None:
        pid, status = os.waitpid(self.identity.pid, os.WNOHANG)
        return JobExit.of_wait_status(status) if pid else None

    def _exit_of_stranger(self) -> JobExit | None:
        return None if self.identity.is_alive() else exit_seen(self.identity, self._pidfd)
