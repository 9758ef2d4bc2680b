"""The processes of a soak, known by a variable that all of them have inherited: only these are ever ended."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cellrun.core.identity import RUN_ID, start_ticks

MARK = "SOAK_MARK"


class Marked(NamedTuple):
    """A living process that carries the mark."""

    pid: int
    started: int
    run_id: str | None
    command: str

    @property
    def is_supervisor(self) -> bool:
        """Whether it stands beside the run's job."""
        return "/supervision/supervisor.py " in self.command

    def kill(self) -> bool:
        """End it at once, and nobody else; returns whether it was still there."""
        with suppress(ProcessLookupError):
            pidfd = os.pidfd_open(self.pid)
            try:
                if start_ticks(self.pid) == self.started:
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                    return True
            finally:
                os.close(pidfd)
        return False


def marked(mark: str) -> list[Marked]:
    """Return the living processes that carry a mark, but for the calling one and strace.

    That one is no part of what is tried: without it, what it has made slow would fail.
    """
    others = (Path(entry.path) for entry in os.scandir("/proc") if entry.name.isdecimal())
    found = [each for path in others if (each := _marked(path, mark)) and each.pid != os.getpid()]
    return [each for each in found if each.started and not each.command.startswith("strace ")]


def _marked(process: Path, mark: str) -> Marked | None:
    """Return what a folder of /proc tells; None if the process doesn't carry the mark, or is gone."""
    try:
        lines = (process / "environ").read_bytes().decode(errors="replace").split("\0")
        command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    variables = dict(line.partition("=")[::2] for line in lines)
    if variables.get(MARK) != mark:
        return None
    pid = int(process.name)
    return Marked(pid, start_ticks(pid), variables.get(RUN_ID), command)
