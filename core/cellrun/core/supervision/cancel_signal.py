"""Cancels a run by a signal to its supervisor, where no request can be written.

One whose disk takes no file is sent SIGUSR1; so is one whose engine was asked to cancel it (`engine_signals.py`).

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import signal
from types import FrameType

from cellrun.core.layout import RunLayout
from cellrun.core.processes import process_table
from cellrun.core.processes.family import ProcessFamily, is_of_run, send
from cellrun.core.store.ending import cancel_requests, set_canceled
from cellrun.core.store.liveness import are_proven_dead
from cellrun.core.supervision import engine_signals
from cellrun.core.supervision.process_file import ProcessFile

_SIGNAL = engine_signals.CANCEL  # nobody sends it by himself, as an engine or a machine that stops sends SIGTERM
_heard = 0


def listen() -> None:
    """Count the signals that this process gets, a supervisor: each is as good as a request."""
    if not engine_signals.engine:  # else it has listened to it from its beginning
        signal.signal(_SIGNAL, _hear)


def requests(layout: RunLayout) -> int:
    """Return how often a supervisor has been asked to cancel its run, either way."""
    return cancel_requests(layout) + _heard + engine_signals.cancels()


def cancel_without_request(layout: RunLayout, grace_s: float) -> bool:
    """Cancel a run in whose folder no request can be left; whether there was anybody to be asked or stopped.

    Where its supervisor is dead, and nobody can take its place on such a disk, what it left is stopped from here.
    Raises OSError where that can't be written down.
    """
    processes = ProcessFile(layout).read()
    if processes is None:
        return False
    if is_of_run(processes.supervisor, layout):
        if not process_table.catches(processes.supervisor.pid, _SIGNAL):  # of cellrun 0.1: it would be its end
            return False
        send(processes.supervisor, _SIGNAL)
        return True
    if not are_proven_dead(layout, [processes.supervisor]):
        return False
    job = processes.job if processes.job and is_of_run(processes.job, layout) else None
    ProcessFamily(layout, job).stop(grace_s)
    set_canceled(layout, "canceled")
    return True


def _hear(_number: int, _frame: FrameType | None) -> None:
    global _heard  # noqa: PLW0603  # a signal is the process's, and so is a supervisor's run
    _heard += 1
