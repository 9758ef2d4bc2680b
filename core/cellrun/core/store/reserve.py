"""Room for a run's last status, held from the run's beginning: a full disk doesn't hide how it ended.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

_NAMES = ("reserve-1", "reserve-2")
_FILE_BYTES = 32 * 1024


class Reserve:
    """The reserve of one run: files in its folder of statuses that have been given their place on the disk.

    A status is written into one of them, in the place that it has: what is merely freed, another program that fills the
    disk may have first. The other one makes room for the name, which takes an inode where links count as files (tmpfs).
    """

    def __init__(self, folder: Path) -> None:
        self._files = [folder / name for name in _NAMES]

    def make(self) -> None:
        """Take the room. Raises OSError where there isn't as much."""
        for path in self._files:
            with path.open("xb") as file:
                try:  # nothing is written for it, and btrfs writes in place only where room was given so
                    os.posix_fallocate(file.fileno(), 0, _FILE_BYTES)
                except (AttributeError, OSError):  # macOS and some file systems can't; one that is full says so again
                    file.write(bytes(_FILE_BYTES))

    def write(self, draft: Path, data: bytes) -> None:
        """Write a new file into the reserve, which is used up then. Raises OSError, ENOSPC also if there is none."""
        for path in self._files:
            with suppress(FileNotFoundError):
                if stat.S_ISREG(path.lstat().st_mode):  # a run folder of somebody else may have a link there
                    path.rename(draft)
                    break
        else:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(draft))
        self.give_back()
        with draft.open("r+b") as file:
            file.write(data)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())

    def give_back(self) -> None:
        """Let others have the room. Raises OSError."""
        for path in self._files:
            path.unlink(missing_ok=True)
