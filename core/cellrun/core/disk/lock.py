"""File locks: one process makes what many need, the others wait.

Standard library only.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cellrun.core.errors import CellrunError, UserErrorException

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
_MOST_BYTES = 4096
_AT_ONCE = fcntl.LOCK_EX | fcntl.LOCK_NB


@contextmanager
def hold_lock(
    path: Path,
    who: str,
    wait: Callable[[str], Iterable[float] | None] | None,
    *,
    why: str = "runs wait for what one of them makes",
    error: type[CellrunError] = UserErrorException,
) -> Iterator[bool]:
    """Hold a lock file in this block; the lock ends with the process that holds it, however that ends.

    If somebody else holds it, `wait` is called once with what that one said of itself as its `who`, and its end is
    waited for; without `wait` the block is given False. `wait` may return seconds, after each of which the lock is
    tried again, and raise an error between them to give up. Whoever has waited looks again whether there is still
    something to make. The holder may remove the file. Raises `error` where the file system has no locks, with `why`
    these are needed, and OSError for a link in the file's place: it would be emptied where that leads.
    """

    def take(how: int) -> bool:
        return _take(fd, path, how, why, error)

    fd = _open(path)
    try:
        is_held = take(_AT_ONCE)
        if not is_held and wait:
            for pause_s in wait(os.pread(fd, _MOST_BYTES, 0).decode("utf-8", "replace")) or ():
                time.sleep(pause_s)
                if is_held := take(_AT_ONCE):
                    break
            else:
                is_held = take(fcntl.LOCK_EX)
        while is_held and not _is_at(fd, path):  # its last holder has removed it: nobody else would see this lock
            os.close(fd)
            fd = _open(path)
            is_held = take(fcntl.LOCK_EX if wait else _AT_ONCE)
        if is_held:
            with suppress(OSError):  # a full disk: then it isn't known who holds it
                os.ftruncate(fd, 0)
                os.pwrite(fd, who.encode("utf-8", "surrogateescape"), 0)
        yield is_held
    finally:
        os.close(fd)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _take(fd: int, path: Path, how: int, why: str, error: type[CellrunError]) -> bool:
    try:
        fcntl.flock(fd, how)
    except BlockingIOError:
        return False
    except OSError as refused:
        if refused.errno not in _NO_LOCKS:
            raise
        raise error(
            f"the file system of {path.parent} has no file locks ({os.strerror(refused.errno)}), by which {why}; "
            "set CELLRUN_HOME to a folder on a local disk"
        ) from refused
    return True


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False
