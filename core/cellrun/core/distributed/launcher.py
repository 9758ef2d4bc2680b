"""The process in front of a run's several: it starts them, waits for all, and ends as the first that fails.

Standard library only: the Python of any environment starts it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.own_run import own_run
from cellrun.core.store.completion import Completion

_SAME = "python"
"""Stands for the interpreter that runs this as well."""
_GRACE_S = 10.0
_DOCUMENTED_PORT = 6105
_TAIL_BYTES = 16 * 1024
_VARIABLE = re.compile(r"\$(?:(?P<plain>[A-Z_]+)|\{(?P<braced>[A-Z_]+)\})")
_ENTRY = (  # Python looks into the working folder first: not before it is known where cellrun is
    'import sys; "" in sys.path and sys.path.remove(""); '
    "from cellrun.core.distributed.launcher import main; main(sys.argv[1], sys.argv[2:])"
)


def launched(interpreter: str, distribution: Distribution, program: Sequence[str]) -> list[str]:
    """Return the command that starts so many processes of a program.

    The interpreter stands in it once, so that a run again by another one is wholly by that.
    """
    first = _SAME if program[0] == interpreter else program[0]
    return [interpreter, "-c", _ENTRY, json.dumps(distribution.to_json()), first, *program[1:]]


def main(distribution: str, program: Sequence[str]) -> NoReturn:
    """Start the processes and end as they do: with the exit code or by the signal of the first that failed."""
    layout = own_run()
    if layout is None:
        raise SystemExit("this is started by cellrun, as the process in front of those of a distributed run")
    first = sys.executable if program[0] == _SAME else program[0]
    processes = _Processes(Distribution.from_json(json.loads(distribution)), [first, *program[1:]], layout)
    processes.start()
    code = processes.wait()
    if code >= 0:
        with suppress(OSError):  # it is for want of a supervisor that asks for the code
            Completion(ProcessIdentity.current(), code).write(layout)
    else:
        with suppress(OSError):  # SIGKILL is nobody's to handle
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)  # the second, should that signal not end a process


class _Processes:
    """All processes of one run by rank.

    Responsibilities: each with its variables and its own log; a Ctrl-C for all of them; the end of all when one fails.
    """

    def __init__(self, distribution: Distribution, program: Sequence[str], layout: RunLayout) -> None:
        self._distribution = distribution
        self._program = list(program)
        self._layout = layout
        self._is_shell = len(program) > 1 and program[1] == "-c"
        self._ranks: dict[int, int] = {}
        """The ranks of those that run, by process id."""
        self._was_interrupted = False
        self._guard: socket.socket | None = None

    def start(self) -> None:
        """Start them all. What one of them prints is in a log of its own, of the first in the run's."""
        total = self._distribution.total
        signal.signal(signal.SIGINT, self._interrupt)
        ports = _free_ports(total) if self._distribution.kind == "tensorflow" else (self._meeting_port(),)
        for rank in range(total):
            told = self._distribution.variables(rank, ports)
            try:
                pid = os.posix_spawnp(
                    self._program[0],
                    self._arguments(told),
                    {**os.environ, **self._python_path(), **told},
                    file_actions=self._log_actions(rank),
                    setpgroup=0 if self._is_shell else os.getpgid(0),  # Ctrl-C has to reach what a shell waits for
                )
            except OSError as error:
                _say(f"cellrun: process {rank} can't be started: {error.strerror}")
                self._stop(list(self._ranks))
                raise SystemExit(1) from error
            self._ranks[pid] = rank

    def _meeting_port(self) -> int:
        """Return the port that Azure ML documents, if nothing here has it nor another run is about to; else a free one.

        What tells runs from each other is a socket without a file: whoever has its name has the port, until it ends.
        """
        if sys.platform == "linux":
            guard = socket.socket(socket.AF_UNIX)
            try:
                guard.bind(f"\0cellrun.port.{_DOCUMENTED_PORT}")
                with socket.socket() as tried:
                    tried.bind(("", _DOCUMENTED_PORT))
            except OSError:
                guard.close()
            else:
                self._guard = guard
                return _DOCUMENTED_PORT
        return _free_ports(1)[0]

    def wait(self) -> int:
        """Wait for all of them; return 0, else the exit code of the first that failed, or minus its signal."""
        failed: tuple[int, int] | None = None
        while any(not self._distribution.is_server(rank) for rank in self._ranks.values()):
            rank, code = self._next_end()
            if code:
                failed = (rank, code)
                break
        self._stop(list(self._ranks))
        if failed and not self._was_interrupted:
            self._tell(*failed)
        return failed[1] if failed else 0

    def _next_end(self) -> tuple[int, int]:
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid in self._ranks:
                return self._ranks.pop(pid), os.waitstatus_to_exitcode(status)

    def _stop(self, pids: Sequence[int]) -> None:
        """End those that are left, as the run is over: by SIGTERM, after a grace by SIGKILL."""
        if self._was_interrupted:  # they are ending by themselves
            self._reap(_GRACE_S)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in pids:
                if pid in self._ranks:
                    self._send(pid, number)
            self._reap(_GRACE_S)

    def _reap(self, most_s: float) -> None:
        deadline = time.monotonic() + most_s
        while self._ranks and time.monotonic() < deadline:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            self._ranks.pop(pid, None)
            if not pid:
                time.sleep(0.02)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # as signal handlers are called
        self._was_interrupted = True
        for pid in list(self._ranks):
            self._send(pid, signal.SIGINT)

    def _send(self, pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            (os.killpg if self._is_shell else os.kill)(pid, number)

    def _tell(self, rank: int, code: int) -> None:
        """Say which one failed, and of another than the first what its log ends with, so that the run's log does."""
        how = f"exit code {code}" if code > 0 else f"signal {-code}"
        _say(f"cellrun: the process of rank {rank} ended with {how}; the others were stopped")
        if rank == 0:
            return
        with suppress(OSError), self._log(rank).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = log.read().decode("utf-8", "replace").rstrip()
            _say(f"cellrun: the end of user_logs/{self._log(rank).name}:\n{text}")

    def _log(self, rank: int) -> Path:
        return self._layout.rank_log(rank)

    def _log_actions(self, rank: int) -> list[tuple[object, ...]]:
        if rank == 0:
            return []
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC
        return [
            (os.POSIX_SPAWN_OPEN, 1, str(self._log(rank)), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]

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


def _say(text: str) -> None:
    """Write a line into the run's log."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _free_ports(count: int) -> tuple[int, ...]:
    """Return ports of this machine that nobody has; all are held until the last is found, so that they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)
