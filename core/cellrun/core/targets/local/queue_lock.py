"""The lock of a queue: one process at a time, and words for whoever waits long for another.

Standard library only: an ending supervisor shares it.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cellrun.core.disk.lock import try_lock
from cellrun.core.errors import ComputeTargetException
from cellrun.core.front_end import plain
from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes import process_table

_SHORT_S = 0.001
_LONGEST_S = 0.02
_WORD_S = 3.0
_MOST_S = 60.0
_MOST_BYTES = 4096


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold a lock file in this block; gives False, without holding it, if somebody else does and `wait` is False.

    It ends with the process that holds it. Whoever waits is warned after three seconds and gives up after a minute: the
    holder may be stopped. Raises ComputeTargetException then, and where the file system has no locks.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        is_held = _take(fd, path) or (wait and _wait(fd, path))
        if is_held:
            with suppress(OSError):  # a full disk: then it isn't known who holds it
                os.ftruncate(fd, 0)
                os.pwrite(fd, json.dumps(ProcessIdentity.current().to_json()).encode(), 0)
        yield is_held
    finally:
        os.close(fd)


def _wait(fd: int, path: Path) -> bool:
    began, pause_s, is_told = time.monotonic(), _SHORT_S, False
    while not _take(fd, path):
        waited_s = time.monotonic() - began
        if waited_s > _MOST_S:
            raise ComputeTargetException(f"gave up after {waited_s:.0f} s: {_holder(fd, path)}")
        if waited_s > _WORD_S and not is_told:
            is_told = True
            warnings.warn(plain(f"waiting: {_holder(fd, path)}"), RuntimeWarning, stacklevel=4)
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_S)
    return True


def _take(fd: int, path: Path) -> bool:
    return try_lock(fd, path, why="runs wait for one another", error=ComputeTargetException)


def _holder(fd: int, path: Path) -> str:
    """Say who holds a lock, as far as that is known."""
    words = f"another process holds the local queue ({path})"
    with suppress(OSError, ValueError, KeyError, TypeError):
        who = ProcessIdentity.from_json(json.loads(os.pread(fd, _MOST_BYTES, 0)))
        if not who.is_local:
            return f"process {who.pid} on {who.host}, in another container, holds the local queue ({path})"
        entry = process_table.process(who.pid)
        if entry and entry.started == who.started:
            words = f"process {who.pid} holds the local queue ({path})"
            if entry.is_stopped:
                words += f" and is stopped; `kill -CONT {who.pid}` lets it go on, `kill -9 {who.pid}` ends it"
    return words
