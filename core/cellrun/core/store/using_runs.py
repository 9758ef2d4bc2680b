"""Which runs use something that is kept for many (an environment, cached data): it isn't removed before they end."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import StatusFile

_BEING_SUBMITTED_S = 3600.0
"""So long a run that says that it will use something may not be there yet."""


class UsingRuns:
    """A folder of links to runs, each by its id; its time is that of the last use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, layout: RunLayout) -> None:
        """Note that a run uses it, until that has ended. Raises OSError on a full disk."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            (self.folder / layout.run_id).symlink_to(layout.folder)

    def living(self) -> list[RunLayout]:
        """Return the runs that haven't ended, as far as that can be told; those that have are forgotten."""
        found = []
        with suppress(OSError):
            for link in sorted(self.folder.iterdir()):
                layout = RunLayout(os.readlink(link))  # noqa: PTH115  # text
                if _may_live(layout, link):
                    found.append(layout)
                else:
                    times = self.folder.stat()
                    link.unlink()
                    os.utime(self.folder, ns=(times.st_atime_ns, times.st_mtime_ns))  # that was no use
        return found


def _may_live(layout: RunLayout, link: Path) -> bool:
    if not os.path.lexists(layout.folder):  # deleted, or not there yet
        return time.time() - link.lstat().st_mtime < _BEING_SUBMITTED_S
    try:
        return not StatusFile(layout).read().status.is_terminal
    except UNREADABLE:
        return True
