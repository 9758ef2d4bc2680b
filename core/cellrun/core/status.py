"""The states of a run, by the names that Azure ML gave them."""

from __future__ import annotations

from enum import Enum


class Status(str, Enum):
    """Where a run is in its life. A terminal status never changes."""

    NOT_STARTED = "NotStarted"  # its folder exists, nothing was asked to run it yet
    PREPARING = "Preparing"  # an environment or data is being made ready
    QUEUED = "Queued"  # waits for room on its target
    STARTING = "Starting"  # its supervisor was started, its process not yet
    RUNNING = "Running"  # its process runs
    FINALIZING = "Finalizing"  # its process ended, its files are being put in order
    CANCEL_REQUESTED = "CancelRequested"  # it is being stopped: somebody asked for it, or its time is over
    NOT_RESPONDING = "NotResponding"  # its target says it runs, it hasn't been heard of
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"
    DAMAGED = "Damaged"  # none that a run has: what a list shows of one whose files can't be read

    @property
    def is_terminal(self) -> bool:
        """Whether the run has ended."""
        return self in TERMINAL

    @property
    def word(self) -> str:
        """What users are shown: its value, except of a run that is being stopped, asked to or at its time limit."""
        return "Stopping" if self is Status.CANCEL_REQUESTED else self.value

    def __str__(self) -> str:
        return self.value


TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELED})
