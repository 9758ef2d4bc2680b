"""Ends all processes that this one has started, and those that they have.

Standard library only: whoever starts a run's processes on another machine shares it.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes import process_table
from cellrun.core.processes.family import send
from cellrun.core.processes.orphans import descendants

_LOOK_S = 0.02
_LEAVE_S = 0.5  # helpers of multiprocessing and the like end by themselves, right after the main process
_LAST_S = 5.0  # after SIGKILL only a process stuck in the kernel (a dead network disk) is still there


def end_descendants(grace_s: float) -> None:
    """Wait a moment until all have ended by themselves; then SIGTERM, after a grace SIGKILL, to who is born as well."""
    steps = ((None, _LEAVE_S), (signal.SIGTERM, grace_s), (signal.SIGKILL, _LAST_S))
    for number, most_s in steps:
        told, deadline = set[ProcessIdentity](), time.monotonic() + most_s
        while living := _living():
            for who in living - told:
                if number is not None:
                    send(who, number)
                    send(who, signal.SIGCONT)  # a stopped process takes notice only then
            told |= living
            if time.monotonic() >= deadline:
                break
            time.sleep(_LOOK_S)


def _living() -> set[ProcessIdentity]:
    """Let go of those that have ended, and return the others."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    born = descendants()
    return {entry.identity for entry in process_table.processes() if entry.pid in born}
