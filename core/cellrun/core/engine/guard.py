"""The process that all processes of a run's attempt under an engine descend from, and end with.

It is what takes their orphans. Should the process end that the engine knows as its job, it ends them all at once; an
engine's signals to many processes it takes no notice of.

Standard library only: it runs on the machine where the run does.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.engine.engine import Engine, Stop
from cellrun.core.engine.order import JobOrder
from cellrun.core.errors import CellrunError, RunClosedError, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.remote_statuses import RECORD_S
from cellrun.core.processes import orphans
from cellrun.core.store.ending import Ending
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.attempts import Attempt
from cellrun.core.supervision.engine_signals import CANCEL, TIME_LIMIT
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.process_file import ProcessFile
from cellrun.core.supervision.start import order

COMPLETED, OTHERWISE, PREEMPTED = 0, 1, 75
"""Exit codes. The last one, EX_TEMPFAIL, of an attempt that another one is to follow."""
_UPLOAD = Path(__file__).parents[1] / "mirror" / "upload_script.py"
_ORDER = "order"
_WORDS = {Stop.CANCEL: CANCEL, Stop.TIME_LIMIT: TIME_LIMIT}
_LOOK_S = 0.02
_LAST_S = 5.0  # after SIGKILL only a process stuck in the kernel is still there
_KILLED_S = 2.0  # an engine that kills all kills this process too, within that time
_NO_NEWS = 4096


class _AloneError(Exception):
    """The process that the engine knows has gone."""


class Guard:
    """The guard of one attempt.

    Responsibilities: the supervisor runs, and who carries what the run writes, if somebody does; the supervisor hears
    why the engine ends its job; nobody is left afterwards, whatever ends it; a run whose supervisor was killed ends.
    `hears` is where the job's first process says why to stop, and its end is known.
    """

    def __init__(self, order: JobOrder, engine: Engine, path: Path, hears: int) -> None:
        self._order = order
        self._engine = engine
        self._path = path
        self._hears = hears
        self._run = RunLayout(order.folder)
        self._stops: deque[Stop] = deque()
        self._ended: dict[int, int] = {}
        self._supervisor = self._carrier = 0
        self._woken = -1
        self._is_alone = False

    def run(self) -> int:
        """Stay until the attempt is over, and nobody of it is left; return an exit code."""
        self._listen()
        try:
            if self._order.carrier:
                self._carrier = self._start_carrier()
            is_over = StatusFile(self._run).read().status.is_terminal  # then only what it wrote is still to be carried
            if not is_over and self._supervise() is Stop.PREEMPTED:
                return self._preempted()
            self._finish()
        except RunClosedError:  # somebody has ended it just now
            return self._code()
        except _AloneError:
            if not self._engine.restarts:  # else the next attempt is started from it
                self._path.unlink(missing_ok=True)
            return OTHERWISE
        finally:
            with suppress(_AloneError):
                self._end_all(signal.SIGKILL)
            self._end_all(signal.SIGKILL)
        return self._code()

    def _supervise(self) -> Stop | None:
        """Start the supervisor, and tell it what is told here until it has ended, or is to be ended by a preemption.

        Raises _AloneError, RunClosedError for a run that has ended meanwhile.
        """
        attempt = Attempt.next_of(self._run, self._engine.restarts)
        try:
            self._supervisor = self._start_supervisor(attempt)
        except (CellrunError, OSError) as error:
            StatusFile(self._run).change(Status.FAILED, reason=f"could not start the run: {problem_of(error)}")
            return None
        while not self._has_ended(self._supervisor):
            self._wait(_LOOK_S if self._stops else None)
            if self._stops and self._run.claim_of(attempt.number).exists():
                stop = self._stops.popleft()
                if stop is Stop.PREEMPTED:
                    return stop
                os.kill(self._supervisor, _WORDS[stop])
        return None

    def _listen(self) -> None:
        """Take no notice of an engine's signals, take the orphans, be woken up when a child has ended."""
        os.setsid()
        orphans.become_subreaper()
        self._woken, wake = os.pipe()
        for end in (self._woken, wake, self._hears):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP):  # by a handler: children have their own again
            signal.signal(number, lambda *_: None)
        for number in (signal.SIGTERM, CANCEL, TIME_LIMIT):  # ignored: a supervisor that begins is to be as deaf
            signal.signal(number, signal.SIG_IGN)

    def _start_supervisor(self, attempt: Attempt) -> int:
        file = self._run.folder / _ORDER
        file.write_bytes(order(self._run, LaunchSpec.read(self._run, self._order.launch), attempt.number))
        passed = {name: value for name, value in os.environ.items() if self._engine.passes(name)}
        variables = {**self._order.variables, **passed, **attempt.variables()}
        command = [*self._order.supervisor, str(self._run.folder), str(file), self._engine.name]
        return self._spawn(command, variables)

    def _start_carrier(self) -> int:
        """Start what carries the run's files, its order in its stdin: it has a token in it."""
        read, write = os.pipe()
        try:
            command = [sys.executable, "-I", "-S", str(_UPLOAD)]
            pid = self._spawn(command, os.environ, [(os.POSIX_SPAWN_DUP2, read, 0)])
            with os.fdopen(write, "w", encoding="utf-8") as stdin, suppress(BrokenPipeError):
                json.dump(dict(self._order.carrier), stdin)
            return pid
        finally:
            os.close(read)

    def _spawn(
        self, command: Sequence[str], variables: Mapping[str, str], files: Sequence[tuple[int, int, int]] = ()
    ) -> int:
        python, *rest = self._engine.command(command)
        return os.posix_spawn(python, [python, *rest], variables, file_actions=files)

    def _wait(self, most_s: float | None) -> None:
        """Wait until a child has ended, or something is told. Raises _AloneError, once."""
        ready, _, _ = select.select([self._woken, *(() if self._is_alone else (self._hears,))], [], [], most_s)
        if self._woken in ready:
            with suppress(BlockingIOError):
                os.read(self._woken, _NO_NEWS)
        if self._hears in ready:
            said = os.read(self._hears, _NO_NEWS)
            if not said:
                self._is_alone = True
                raise _AloneError
            self._stops += [Stop(bytes([each])) for each in said]

    def _finish(self) -> None:
        """Let all be done that is done when the supervisor has ended. Raises _AloneError."""
        # One that ends by itself before the run has ended has found another one at it.
        was_killed = os.WIFSIGNALED(self._ended.get(self._supervisor, 0))
        if was_killed and not StatusFile(self._run).read_whole().status.is_terminal:
            self._end_run()
        self._forget_variables()
        until = time.monotonic() + RECORD_S
        while self._has_children() and (self._is_carrying() or time.monotonic() < until):
            self._wait(None if self._is_carrying() else max(0.0, until - time.monotonic()))

    def _forget_variables(self) -> None:
        """Let a run's secrets not outlive it; should the job be started again, what is left is still to be carried."""
        with suppress(OSError):
            if StatusFile(self._run).read().status.is_terminal:
                self._order._replace(variables={}).write(self._path)

    def _end_run(self) -> None:
        """End a run whose supervisor was killed, unless this process is about to be."""
        until = time.monotonic() + _KILLED_S
        while (left_s := until - time.monotonic()) > 0:
            self._wait(left_s)
        self._end_all(signal.SIGKILL, but=self._carrier)
        if self._stops and self._stops[0] is Stop.PREEMPTED:
            return
        with suppress(*UNREADABLE):
            processes = ProcessFile(self._run).read()
            status = StatusFile(self._run).read_whole()
            stopped = Ending.announced(status)
            left = Ending.left(self._run, processes.job, status) if processes and processes.job else None
            (stopped or left or Ending(Status.FAILED, "its supervisor was killed", {})).write(self._run)

    def _preempted(self) -> int:
        """Take the machine from the attempt: its job may save what it has; the run waits for the next one."""
        os.kill(self._supervisor, signal.SIGKILL)
        self._end_all(signal.SIGTERM, LaunchSpec.read(self._run).grace_s, but=self._carrier)
        self._end_all(signal.SIGKILL, but=self._carrier)
        with suppress(OSError, RunClosedError):  # the next attempt says it
            Attempt.next_of(self._run, self._engine.restarts)
        return PREEMPTED

    def _end_all(self, number: signal.Signals, most_s: float = _LAST_S, but: int = 0) -> None:
        """Send a signal to all who descend from this process, until none is left, so long. Raises _AloneError."""
        until, is_sent = time.monotonic() + most_s, False
        while (left := self._others(but)) and time.monotonic() < until:
            for pid in left if not is_sent or number is signal.SIGKILL else ():
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            is_sent = True
            self._wait(_LOOK_S)

    def _others(self, but: int) -> set[int]:
        """Return all who descend from this process, but one."""
        if not self._has_children():
            return set()
        return (orphans.descendants() or {self._supervisor, self._carrier} - self._ended.keys() - {0}) - {but}

    def _code(self) -> int:
        """Return the exit code of a run that has ended, whose order nobody needs any more."""
        status = StatusFile(self._run).read().status
        if status.is_terminal:
            self._path.unlink(missing_ok=True)
        return COMPLETED if status is Status.COMPLETED else OTHERWISE

    @property
    def has_left(self) -> bool:
        """Whether something of what the run wrote was to be carried home, and wasn't taken."""
        return self._carrier != 0 and self._ended.get(self._carrier) != 0

    def _is_carrying(self) -> bool:
        return self._carrier != 0 and self._carrier not in self._ended

    def _has_ended(self, pid: int) -> bool:
        return not self._has_children() or pid in self._ended

    def _has_children(self) -> bool:
        """Let go of children that have ended; whether any are left."""
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._ended[ended[0]] = ended[1]
        except ChildProcessError:
            return False
        return True
