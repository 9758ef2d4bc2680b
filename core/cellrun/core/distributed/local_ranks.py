"""The processes of a distributed run that are on this machine: started, interrupted, ended.

Standard library only: the Python of any environment starts it.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.distributed.rank_exit import RankExit, say
from cellrun.core.layout import RunLayout

GRACE_S = 10.0
"""How long a process has to end after SIGTERM, before SIGKILL."""
_VARIABLE = re.compile(r"\$(?:(?P<plain>[A-Z_]+)|\{(?P<braced>[A-Z_]+)\})")


class LocalRanks:
    """Some of a run's ranks, each a process of this machine.

    Responsibilities: each with its variables and its own log; a Ctrl-C for all of them; the end of all.
    """

    def __init__(self, distribution: Distribution, program: Sequence[str], layout: RunLayout) -> None:
        self._distribution = distribution
        self._program = list(program)
        self._layout = layout
        self._is_shell = len(program) > 1 and program[1] == "-c"
        self._ranks: dict[int, int] = {}
        """The ranks of those that run, by process id."""
        self.was_interrupted = False

    @property
    def has_workers(self) -> bool:
        """Whether one runs that isn't a parameter server, whom nothing else ends."""
        return any(not self._distribution.is_server(rank) for rank in self._ranks.values())

    def start(self, told: Mapping[int, Mapping[str, str]], log_of_first: Path | None = None) -> RankExit | None:
        """Start the ranks, each told its variables; return the one that can't be, said, once the others are stopped.

        What one prints goes into a log of its own; of rank 0 to where this process prints, or to `log_of_first`.
        """
        for rank, variables in told.items():
            log = self._layout.rank_log(rank) if rank else log_of_first
            try:
                pid = os.posix_spawnp(
                    self._program[0],
                    self._arguments(variables),
                    {**os.environ, **self._python_path(), **variables},
                    file_actions=_log_actions(log, is_new=rank > 0),
                    setpgroup=0 if self._is_shell else os.getpgid(0),  # Ctrl-C has to reach what a shell waits for
                )
            except OSError as error:
                say(f"cellrun: process {rank} can't be started: {error.strerror}")
                self.stop()
                return RankExit(rank, 1)
            self._ranks[pid] = rank
        return None

    def next_end(self, *, waits: bool = True) -> RankExit | None:
        """Return the next that has ended; None if none has by now and this doesn't wait."""
        while True:
            try:
                pid, status = os.waitpid(-1, 0 if waits else os.WNOHANG)
            except ChildProcessError:  # nobody is left
                return None
            if not pid:
                return None
            if pid in self._ranks:
                return RankExit(self._ranks.pop(pid), os.waitstatus_to_exitcode(status))

    def stop(self) -> None:
        """End those that are left, as the run is over: by SIGTERM, after a grace by SIGKILL."""
        if self.was_interrupted:  # they are ending by themselves
            self._reap(GRACE_S)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in list(self._ranks):
                self._send(pid, number)
            self._reap(GRACE_S)

    def interrupt(self) -> None:
        """Send each what Ctrl-C sends."""
        self.was_interrupted = True
        for pid in list(self._ranks):
            self._send(pid, signal.SIGINT)

    def _reap(self, most_s: float) -> None:
        deadline = time.monotonic() + most_s
        while self._ranks and time.monotonic() < deadline:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            self._ranks.pop(pid, None)
            if not pid:
                time.sleep(0.02)

    def _send(self, pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            (os.killpg if self._is_shell else os.kill)(pid, number)

    def _arguments(self, told: Mapping[str, str]) -> list[str]:
        """Return the program, with their values for $LOCAL_RANK and kin in its arguments; a shell does that itself."""
        if self._is_shell:
            return self._program

        def value(found: re.Match[str]) -> str:
            return told.get(found["plain"] or found["braced"], found[0])

        return [*self._program[:2], *(_VARIABLE.sub(value, argument) for argument in self._program[2:])]

    def _python_path(self) -> dict[str, str]:
        """Return where Python looks besides, for a script in a subfolder: in the working folder, as Azure ML's."""
        script = "" if self._is_shell else self._program[1]
        if "/" not in script or script.startswith("/"):
            return {}
        return {"PYTHONPATH": os.pathsep.join(filter(None, (os.getcwd(), os.environ.get("PYTHONPATH"))))}  # noqa: PTH109  # a text


def _log_actions(log: Path | None, *, is_new: bool) -> list[tuple[object, ...]]:
    if log is None:
        return []
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if is_new else 0)
    return [(os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600), (os.POSIX_SPAWN_DUP2, 1, 2)]
