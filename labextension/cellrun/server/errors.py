"""The errors of requests, and the HTTP status of each error of ours."""

from __future__ import annotations

import math

from cellrun.core.errors import (
    CellrunError,
    ComputeTargetException,
    DamagedRunError,
    EventNotKeptError,
    ExperimentExecutionException,
    IndexTooNewError,
    NoSuchTargetError,
    NotOfferedError,
    RunClosedError,
    RunNotFoundError,
    SnapshotException,
    UntrustedError,
    WorkspaceException,
)
from cellrun.core.mirror.frame_errors import FrameError, FramesError


class NotFoundError(CellrunError):
    """What the address names isn't there: what it names, and where to look."""


class RunGoneError(CellrunError):
    """A run whose folder was taken away while it was looked at, or is damaged."""

    def __init__(self, run_id: str, error: Exception) -> None:
        self.run_id = run_id
        why = (isinstance(error, OSError) and error.strerror) or str(error)
        super().__init__(f"run {run_id}: its run folder is gone or can't be read ({why}); look at the list again")


class TooLargeError(CellrunError):
    """A request whose body is larger than is taken."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        super().__init__(f"the body is larger than {most_bytes:,} bytes; send it in parts")


class TooOftenError(CellrunError):
    """Requests that come faster than they are taken. `wait_s`: whole seconds until the next one is."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = math.ceil(wait_s)
        super().__init__(f"this run sends too often; send again in {self.wait_s} s, much together")


class BusyError(CellrunError):
    """Questions to other machines, of which so many are waited for that no further one is begun."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} targets are being asked already; try again once one has answered")


class WrongTypeError(CellrunError):
    """A body, or a file asked for as a preview, of a type that isn't taken."""


class RefusedError(CellrunError):
    """What can't be done as things are: a run that hasn't ended isn't deleted."""


STATUS: tuple[tuple[type[CellrunError], int], ...] = (
    (RunNotFoundError, 404),
    (NotFoundError, 404),
    (NoSuchTargetError, 404),
    (RunGoneError, 410),
    (DamagedRunError, 409),
    (TooLargeError, 413),
    (WrongTypeError, 415),
    (TooOftenError, 429),
    (BusyError, 429),
    (NotOfferedError, 403),
    (FrameError, 400),
    (FramesError, 409),
    (RefusedError, 409),
    (RunClosedError, 409),
    (EventNotKeptError, 409),
    (ExperimentExecutionException, 409),
    (SnapshotException, 409),
    (ComputeTargetException, 409),
    (IndexTooNewError, 409),
    (WorkspaceException, 409),
    (UntrustedError, 409),
    (CellrunError, 400),
)
"""By type, the first that fits: what can't be right is 400, what the state of things forbids 409."""


def status_of(error: CellrunError) -> int:
    """Return the HTTP status of an error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))
