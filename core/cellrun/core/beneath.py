"""Opening what is in a run's folder and nothing outside: a job may put links there, also while it is being opened."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@contextmanager
def folder_beneath(root: Path, parts: Sequence[str] = (), *, makes: bool = False) -> Iterator[int]:
    """Open a folder below another one, part by part; one that `makes` makes what of them isn't there.

    Raises OSError: ELOOP for a link, the root included.
    """
    fd = os.open(root, _FOLDER)
    try:
        for part in parts:
            if makes:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=fd)
            child = open_folder(part, fd)
            os.close(fd)
            fd = child
        yield fd
    finally:
        os.close(fd)


def open_folder(name: str, parent: int) -> int:
    """Open a folder in an open one. Raises OSError: ELOOP for a link."""
    try:
        return os.open(name, _FOLDER, dir_fd=parent)
    except NotADirectoryError:
        if stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name) from None
        raise


def open_file(name: str, parent: int) -> int:
    """Open something in an open folder to read it, without waiting for the other end of a pipe.

    Raises OSError: ELOOP for a link. Whether it is a file is for the caller to look at.
    """
    return os.open(name, _FILE, dir_fd=parent)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file, also through links, without waiting for another end. Raises OSError for anything else."""
    fd = os.open(path, _FILE & ~os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return os.fdopen(fd, "rb")
