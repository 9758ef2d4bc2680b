"""The wishes of an engine (cancel, time over), relayed to a supervisor by the process that the engine knows.

An engine's own SIGTERM may reach every process of its job, or none but the first; it may mean a cancel, the end of the
job's time, or that its machine is taken away. So by itself it says only that a word is about to come, by a signal that
no engine sends: or this process is killed.

Standard library only: the supervisor runs it.
"""

from __future__ import annotations

import signal
import time

from cellrun.core.processes.exits import JobExit

CANCEL, TIME_LIMIT = signal.SIGUSR1, signal.SIGUSR2
_ASK_S = 20.0  # so long it may take to ask an engine what it meant
_ARRIVE_S = 0.5  # an engine signals many processes one after another

heard: list[tuple[int, float]] = []
"""The signals that a supervisor has got, each with its time (monotonic): set by it, who listens from its beginning."""
engine = ""
"""What people call the engine; empty for a supervisor that has none."""


def cancels() -> int:
    """Return how often the run was to be canceled."""
    return sum(number == CANCEL for number, _ in heard)


def is_time_over() -> bool:
    """Whether the engine says that the job's time is over."""
    return any(number == TIME_LIMIT for number, _ in heard)


def is_awaited(how: JobExit, ended: float) -> bool:
    """Whether a word is still to come that says why a job has ended so, as was seen at a time (monotonic)."""
    if not engine:
        return False
    if heard and heard[-1][0] == signal.SIGTERM:
        return time.monotonic() - heard[-1][1] < _ASK_S
    return not heard and how.signal == signal.SIGTERM and time.monotonic() - ended < _ARRIVE_S


def limit_words() -> str:
    """Return why a run fails whose time is over."""
    return f"ended by {engine}'s time limit"
