"""The interface of an engine (Slurm, Ray) as its jobs see it.

Standard library only: it runs on the machine where the run does.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import ClassVar


class Stop(Enum):
    """Why an engine ends a job before that has ended by itself."""

    CANCEL = b"c"
    """Somebody asked it to: the run is Canceled, with its grace."""
    TIME_LIMIT = b"t"
    """Its time is over: the run is Failed, and says so, with its grace as far as the engine gives it."""
    PREEMPTED = b"p"
    """Its machine is taken away: the run waits for its next attempt."""


class Engine:
    """An engine, as one of its jobs sees it: what isn't said is as here."""

    name: ClassVar[str]
    """What people call it: `Slurm`."""
    restarts: ClassVar[str] = ""
    """Why a run waits that the engine starts again, or has started again, in words; empty for one that never does."""
    is_detached: ClassVar[bool] = False
    """Whether the run's processes are to be no descendants of the one that the engine knows: where it would signal them
    all, without a grace. They end with it all the same."""
    look_s: ClassVar[float | None] = None
    """How often `is_stopping` is asked; None: never, the engine sends SIGTERM to its job's first process."""

    def passes(self, variable: str) -> bool:  # noqa: ARG002  # for those that have some
        """Whether the run's job sees one of the engine's own variables, over what its order says."""
        return False

    def why_stopped(self) -> Stop:
        """Say why the engine has just sent SIGTERM. Called in the process that the engine knows; it may take 15 s."""
        return Stop.CANCEL

    def is_stopping(self) -> bool:
        """Whether the engine wants its job to stop, where it says so otherwise than by a signal: once each time."""
        return False

    def command(self, program: Sequence[str]) -> list[str]:
        """Return how a program of cellrun's is started there: interpreter, flags, path, arguments."""
        return list(program)
