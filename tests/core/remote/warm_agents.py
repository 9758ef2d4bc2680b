"""Agents that needn't wait for a shell, a Python and its imports: forks of one that has these (agent_forks.py)."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.remote import pipes
from tests.core.remote.library import library

WARM = "a warm agent"
"""In place of the command that leads to a machine."""
_PROGRAM = Path(__file__).with_name("agent_forks.py")


class WarmAgent:
    """One agent, as `subprocess.Popen` has its processes; how it ended nobody knows."""

    def __init__(self, pid: int, ours: Sequence[int]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = (
            os.fdopen(file, mode, buffering=0) for file, mode in zip(ours, ("wb", "rb", "rb"), strict=True)
        )
        with suppress(ProcessLookupError):
            self._process = os.pidfd_open(pid)
            return
        self.returncode = 0

    def poll(self) -> int | None:
        """Return 0 once it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait for its end. Raises TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._process], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(WARM, timeout)
            os.close(self._process)
            self.returncode = 0
        return self.returncode

    def terminate(self) -> None:
        """Tell it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if self.poll() is None:
                os.kill(self.pid, number)


class WarmAgents:
    """What forks them, and stands for `subprocess` where a link starts what leads to a machine."""

    PIPE, TimeoutExpired = subprocess.PIPE, subprocess.TimeoutExpired

    def __init__(self) -> None:
        self._asked, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-I", "-S", str(_PROGRAM), str(library()), str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], start_new_session=True)

    def Popen(self, command: Sequence[str], *, env: Mapping[str, str] | None, **options: Any) -> Any:  # noqa: N802  # as there
        """Start a program: an agent, or any other one as it is."""
        if command[0] != WARM:
            return subprocess.Popen(command, env=env, **options)
        pipes = [os.pipe() for _ in range(3)]
        (its_in, to_it), *outs = pipes
        theirs, ours = [its_in, *(out for _, out in outs)], [to_it, *(its for its, _ in outs)]
        socket.send_fds(self._asked, [json.dumps(dict(env or os.environ)).encode()], theirs)
        pid = int(self._asked.recv(100))
        for file in theirs:
            os.close(file)
        return WarmAgent(pid, ours)

    def close(self) -> None:
        """Let it end."""
        self._asked.close()
        self._process.wait()


def are_warm() -> bool:
    """Whether links are led to them."""
    return isinstance(pipes.subprocess, WarmAgents)
