"""The index of a workspace while its file can't be used: on a full or read-only disk, behind a path too long."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cellrun.core.errors import IndexTooNewError
from cellrun.core.store.lists.index_file import IndexFile, in_memory

_TRY_AGAIN_S = 60.0
_of_workspaces: dict[Path, IndexMemory] = {}


class IndexMemory:
    """An index in memory, one for each workspace in this process. Any thread may use it, one at a time."""

    def __init__(self) -> None:
        self._base: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._until = 0.0

    @classmethod
    def of(cls, workspace: Path) -> IndexMemory:
        """Return the one of the workspace in a folder."""
        return _of_workspaces.setdefault(workspace, cls())

    @property
    def is_in_place(self) -> bool:
        """Whether it stands in for a file that could not be used a moment ago."""
        return time.monotonic() < self._until

    def take_over(self) -> None:
        """Stand in for the file, which is tried again after a while."""
        self._until = time.monotonic() + _TRY_AGAIN_S

    @contextmanager
    def connection(self, file: IndexFile | None) -> Iterator[sqlite3.Connection]:
        """Give the database, at first a copy of the file if that can be read. Raises IndexTooNewError."""
        with self._lock:
            base = self._base = self._base or _copy(file)
            try:
                yield base
            finally:
                if base.in_transaction:
                    base.rollback()

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._base = None


def _copy(file: IndexFile | None) -> sqlite3.Connection:
    try:
        if file is not None:
            return file.copy()
    except IndexTooNewError:
        raise
    except (sqlite3.Error, OSError):
        pass
    return in_memory()


os.register_at_fork(after_in_child=_of_workspaces.clear)  # a lock may be held that nobody gives back there
