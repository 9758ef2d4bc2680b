"""The keeper's log: a file of bounded size."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from cellrun.core.disk.whole_files import replace_file
from cellrun.core.front_end import plain_line

_MOST_BYTES, _KEPT_BYTES = 200_000, 100_000


class KeeperLog:
    """A file of lines with their times; of a long one the older half goes. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Add a line; a full disk does without."""
        line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} [{os.getpid()}] {plain_line(text)}\n"
        with self._lock, suppress(OSError):
            self._path.touch(mode=0o600)
            if self._path.stat().st_size > _MOST_BYTES:
                kept = self._path.read_bytes()[-_KEPT_BYTES:].partition(b"\n")[2]
                replace_file(self._path, kept.decode("utf-8", "replace"), mode=0o600)
            with self._path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(line)
