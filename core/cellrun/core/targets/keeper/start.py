"""Starts the keeper, unless it runs or another process starts it.

Whoever starts it opens its socket: who comes early waits until it answers.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from contextlib import suppress

from cellrun.core import places
from cellrun.core.errors import ComputeTargetException
from cellrun.core.identity import RUN_ID
from cellrun.core.processes.background import start_in_background
from cellrun.core.supervision.launch_spec import inherited
from cellrun.core.targets.keeper.place import KeeperPlace

MODULE = "cellrun.core.targets.keeper"
IDLE_S = 60.0
"""So long after the last live run it ends."""

_TAIL_CHARS = 500


class NoKeeperError(ComputeTargetException):
    """No keeper can be had, and why: whoever looks does its work."""


def start(place: KeeperPlace) -> bool:
    """Start the keeper; False if another process has its lock: one that runs, begins or ends.

    Raises NoKeeperError where that can't be done: no process is left, no lock or socket can be had.
    """
    try:
        lock = os.open(place.lock, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise NoKeeperError(f"{place.lock} can't be written: {error.strerror}") from error
    try:
        if not _take(lock):
            return False
        _launch(place, lock)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise NoKeeperError(f"the keeper can't be started: {error}") from error
    finally:
        os.close(lock)
    return True


def last_words(place: KeeperPlace) -> str:
    """Return what a keeper said that has ended before it could answer."""
    with suppress(OSError):
        return place.errors.read_text(errors="replace").strip()[-_TAIL_CHARS:]
    return ""


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _launch(place: KeeperPlace, lock: int) -> None:
    with place.listening() as listening:
        handed = (lock, listening.fileno())
        place.write_process(start_in_background(MODULE, (str(IDLE_S),), handed, place.errors, _environment(place)))


def _environment(place: KeeperPlace) -> dict[str, str]:
    """Return its environment: it is of no run, though a run's code may have started it; its folders are the same."""
    where = {"CELLRUN_HOME": str(places.home()), "CELLRUN_RUNTIME_DIR": str(place.folder)}
    return {**inherited(os.environ), RUN_ID: "", **where}
