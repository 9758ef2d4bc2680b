"""All processes that a run has started, found and stopped: nobody stays.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from cellrun.core.identity import ProcessIdentity
from cellrun.core.own_run import RUN_ID
from cellrun.core.supervision import process_table
from cellrun.core.supervision.process_table import ProcessEntry

_FIRST_LOOK_S = 0.02
_NEXT_LOOK = 1.5  # each look reads the environment of every process: it comes later than the one before, by so much
_MOST_LOOK_S = 0.5
_LAST_S = 5.0  # after SIGKILL only a process stuck in the kernel (a dead network disk) is still there


class ProcessFamily:
    """A job and what descends from it.

    Its members are those in the job's session, those that carry the run's id in their environment (a daemon that left
    the session has it still), and children of either. A process that carries another run's id is that run's: a job may
    submit runs.
    """

    def __init__(self, run_id: str, job: ProcessIdentity | None) -> None:
        self._run_id = run_id
        self._job = job  # None if it isn't known: then its session isn't either

    def members(self) -> list[ProcessEntry]:
        """Return the living members, the calling process aside."""
        everyone = {entry.pid: entry for entry in process_table.processes() if entry.pid != os.getpid()}
        session = self._session(everyone)
        found: dict[int, ProcessEntry] = {}
        strangers: set[int] = set()
        for pid, entry in everyone.items():
            tag = process_table.variable(pid, RUN_ID)
            if tag == self._run_id or (tag is None and entry.session == session):
                found[pid] = entry
            elif tag is not None:
                strangers.add(pid)
        return list(_with_children(found, everyone, strangers).values())

    def stop(self, grace_s: float, look: Callable[[], object] = lambda: None) -> int:
        """End every member: SIGTERM, after a grace SIGKILL, until nobody is left. Returns how many that were.

        `look` is called between two looks (who waits for the job notices its end with it).
        """
        stopped = {entry.identity for entry in self._send(signal.SIGTERM)}
        if stopped:
            self._send(signal.SIGCONT)  # a stopped process takes notice of SIGTERM only then
        self.wait(grace_s, look)
        deadline = time.monotonic() + _LAST_S
        while (left := self._send(signal.SIGKILL)) and time.monotonic() < deadline:
            stopped |= {entry.identity for entry in left}
            self.wait(_MOST_LOOK_S, look)
        return len(stopped)

    def wait(self, most_s: float, look: Callable[[], object] = lambda: None) -> None:
        """Wait until no member is left, or so long."""
        deadline, pause_s = time.monotonic() + most_s, _FIRST_LOOK_S
        while self.members() and time.monotonic() < deadline:
            time.sleep(min(pause_s, max(0.0, deadline - time.monotonic())))
            pause_s = min(pause_s * _NEXT_LOOK, _MOST_LOOK_S)
            look()

    def _session(self, everyone: dict[int, ProcessEntry]) -> int | None:
        """Return the number of the job's session; None if another process has it by now."""
        if self._job is None:
            return None
        leader = everyone.get(self._job.pid)
        return self._job.pid if leader is None or leader.started == self._job.started else None

    def _send(self, number: signal.Signals) -> list[ProcessEntry]:
        """Send each member a signal once: the job's group together (who forks right now is in it), others singly."""
        members = self.members()
        group = self._job.pid if self._job else 0
        if any(entry.group == group for entry in members):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
        for entry in members:
            if entry.group != group:
                _send_one(entry, number)
        return members


def _with_children(
    found: dict[int, ProcessEntry], everyone: dict[int, ProcessEntry], strangers: set[int]
) -> dict[int, ProcessEntry]:
    """Return the processes found and all their descendants, without strangers and theirs."""
    grown = dict(found)
    while True:
        more = {
            pid: entry
            for pid, entry in everyone.items()
            if entry.parent in grown and pid not in grown and pid not in strangers
        }
        if not more:
            return grown
        grown |= more


def _send_one(entry: ProcessEntry, number: signal.Signals) -> None:
    """Signal exactly this process: a pidfd can't mean another one that got its number meanwhile."""
    with suppress(ProcessLookupError, PermissionError):
        if not hasattr(os, "pidfd_open"):
            os.kill(entry.pid, number)
            return
        pidfd = os.pidfd_open(entry.pid)
        try:
            if entry.identity.is_alive():
                signal.pidfd_send_signal(pidfd, number)
        finally:
            os.close(pidfd)
