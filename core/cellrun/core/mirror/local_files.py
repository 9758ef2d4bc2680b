"""Writing below a run's folder here what comes from elsewhere: nothing outside of it, and no link is followed."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from cellrun.core.disk.control_file import folder_beneath

IN_THE_WAY = frozenset(
    {errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST, errno.ENXIO, errno.ENAMETOOLONG}
)
"""What the system says where a link, a folder or something else stands in the place of a file or its folder."""

_PLAIN = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


def size_of(root: Path, path: str) -> int:
    """Return the size of a regular file below a folder; -1 if there is none."""
    try:
        found = os.lstat(root / path)
    except OSError:
        return -1
    return found.st_size if stat.S_ISREG(found.st_mode) else -1


class GrowingFile:
    """A file that is only added to. Raises OSError for whatever else is in its place."""

    def __init__(self, root: Path, path: str) -> None:
        self._root = root
        *self._folders, self._name = path.split("/")

    def add(self, offset: int, data: bytes) -> tuple[int, bool]:
        """Add bytes that stand at an offset of it, as far as they aren't here.

        Returns its size by then, and whether those agree that are here: if not, or after a gap, nothing is added.
        Raises OSError if not all of them can be written; a beginning of them may be there then.
        """
        with folder_beneath(self._root, self._folders, makes=True) as folder:
            fd = os.open(self._name, os.O_RDWR | os.O_CREAT | os.O_APPEND | _PLAIN, 0o644, dir_fd=folder)
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.ENXIO, "not a regular file", self._name)
            size = found.st_size
            known = data[: max(0, size - offset)]
            if os.pread(fd, len(known), offset) != known:
                return size, False
            rest = memoryview(data)[len(known) :] if offset <= size else memoryview(b"")
            while rest:
                written = os.write(fd, rest)
                rest, size = rest[written:], size + written
            return size, True
        finally:
            os.close(fd)


def write_draft(folder: Path, name: str, data: bytes) -> None:
    """Write a file of the receiving end's own, whole. Raises OSError; nothing is left then."""
    draft = folder / name
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _PLAIN, 0o644), "wb") as file:
            file.write(data)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise


def put_in_place(draft: Path, root: Path, path: str, mtime_ns: int) -> None:
    """Give a draft its place below a folder, in place of what is there. Raises OSError for a folder in its place."""
    *folders, name = path.split("/")
    with suppress(OSError, OverflowError):  # a time that this file system can't hold
        os.utime(draft, ns=(mtime_ns, mtime_ns))
    with folder_beneath(root, folders, makes=True) as folder:
        os.replace(draft, name, dst_dir_fd=folder)  # into an open folder, which has no path
