"""A supervisor's heartbeat while it waits, and its look for cancel requests and stuck jobs.

Standard library only: the supervisor runs it.
"""

from __future__ import annotations

import importlib
import time
from contextlib import suppress
from enum import Enum

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.identity import host_name
from cellrun.core.processes import process_table
from cellrun.core.store.liveness import restore_status
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision import cancel_signal, engine_signals
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.process_file import ProcessFile
from cellrun.core.supervision.run_folder import RunFolder
from cellrun.core.supervision.watched_job import WatchedJob

_LOOK_S = 0.25
_WORD_LOOK_S = 0.02
_IN_KERNEL = "D"


class Cause(Enum):
    """What ends the waiting for a process."""

    EXITED = 0
    CANCELED = 1
    TIMED_OUT = 2
    ENGINE_LIMIT = 3


class Heartbeat:
    """The heartbeat of one run.

    Responsibilities: the age of its process.json, and NotResponding while its process can't go on: stopped, or without
    a tick of processor time in the kernel, for as long as the run's launch spec says. It takes that word back.
    """

    def __init__(self, layout: RunFolder, spec: LaunchSpec) -> None:
        self._layout = layout
        self._spec = spec
        self._processes = ProcessFile(layout)
        self._status = StatusFile(layout)
        self._ticks = -1
        self._stuck_since: float | None = None

    def until_over(self, job: WatchedJob, limit_s: float | None = None, began: float = 0.0) -> Cause:
        """Wait until a process has ended, a cancel request is there, or the limit since `began` (monotonic) is over.

        Of a process that its engine may have ended, why is waited for, too.
        """
        next_beat, ended = time.monotonic() + self._spec.heartbeat_s, 0.0
        while True:
            how = job.poll()
            if how:
                ended = ended or time.monotonic()
                if not engine_signals.is_awaited(how, ended):
                    return _engines_cause() or Cause.EXITED
            self._layout.follow()  # one that was deleted has no request: the job goes on to its end
            if cause := _engines_cause() or (Cause.CANCELED if cancel_signal.requests(self._layout) else None):
                return cause
            now = time.monotonic()
            if limit_s is not None and now - began >= limit_s and not how:
                return Cause.TIMED_OUT
            if now >= next_beat:
                self._beat(job, now)
                next_beat = now + self._spec.heartbeat_s
            if how:  # it has ended: what is waited for comes by a signal
                time.sleep(_WORD_LOOK_S)
            else:
                job.wait(_LOOK_S if limit_s is None else min(_LOOK_S, limit_s - (now - began)))

    def _beat(self, job: WatchedJob, now: float) -> None:
        self._processes.beat()
        self._tend()
        job.beat()
        why = self._why_stuck(job)
        if not why:
            self._stuck_since = None
            with suppress(*UNREADABLE):  # it tells how the run goes, and nothing else depends on it
                restore_status(self._layout)
            return
        self._stuck_since = now if self._stuck_since is None else self._stuck_since
        if now - self._stuck_since >= self._spec.silence_s:
            self._status.show(Status.NOT_RESPONDING, expected={Status.RUNNING}, reason=why)

    def _tend(self) -> None:
        """Let the target look after the runs beside this one: whoever should have may be gone."""
        if self._spec.afterwards:
            module, *arguments = self._spec.afterwards
            try:
                importlib.import_module(module).tend(*arguments)
            except Exception:  # noqa: BLE001  # of a stranger's target, of a newer cellrun: this run goes on all the same
                return

    def _why_stuck(self, job: WatchedJob) -> str:
        """Return why a process can't go on; empty if it can."""
        entry = process_table.process(job.identity.pid)
        if entry is None:
            return ""
        before, self._ticks = self._ticks, entry.cpu_ticks
        if entry.is_stopped:
            return f"its process (pid {entry.pid} on {host_name()}) is stopped; the signal SIGCONT lets it go on"
        if entry.state == _IN_KERNEL and entry.cpu_ticks == before:
            return (
                f"its process (pid {entry.pid} on {host_name()}) hangs in the kernel: a disk or network doesn't answer"
            )
        return ""


def _engines_cause() -> Cause | None:
    """Return what the engine wants that this supervisor runs under; None for nothing."""
    if engine_signals.is_time_over():
        return Cause.ENGINE_LIMIT
    return Cause.CANCELED if engine_signals.cancels() else None
