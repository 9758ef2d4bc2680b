"""A run's folder in the hands of its supervisor.

Standard library only: the supervisor runs it.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cellrun.core.layout import RunLayout
from cellrun.core.supervision.process_file import ProcessFile

_FIRST_PAUSE_S = 0.1
_MOST_PAUSE_S = 5.0


class RunFolder(RunLayout):
    """The folder of a run that is supervised, held open.

    Responsibilities: where it is by now, if somebody moved it or its workspace; that the run's last status is written,
    however long the disk is full, read-only or out of order. Nothing is made anew where it was deleted.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        super().__init__(folder)
        self.origin = RunLayout(folder)
        """Where it was: what the variables of the run's processes say."""
        self._fd, self._about = -1, None
        with suppress(OSError):  # its path is all there is, then
            self._fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._about = os.fstat(self._fd)

    def follow(self) -> bool:
        """Go where the folder is by now. False if the run isn't there any more."""
        if self._is_at(self.folder):
            return True
        with suppress(OSError):  # no /proc (macOS): nothing tells where it is
            place = Path(os.readlink(f"/proc/self/fd/{self._fd}"))  # noqa: PTH115  # text: it may end in " (deleted)"
            if self._about and self._is_at(place):
                self.folder = place
                return True
        return False

    def until_written(self, write: Callable[[], object]) -> None:
        """Call what writes the run's last status until the disk takes it, or the run isn't there any more.

        Nobody of the run is to be left by then. Meanwhile the supervisor shows that it lives.
        """
        pause_s = _FIRST_PAUSE_S
        while self.follow():
            with suppress(OSError):
                write()
                return
            ProcessFile(self).beat()
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _MOST_PAUSE_S)

    def _is_at(self, place: Path) -> bool:
        try:
            about = place.stat()
            (place / self.record.name).lstat()
        except OSError as error:  # of a disk that fails, or one that may not be looked at, nothing is known
            return error.errno not in {errno.ENOENT, errno.ENOTDIR, errno.ESTALE}
        return self._about is None or os.path.samestat(about, self._about)
