"""The SQLite file of a workspace's index: made whole, set aside when damaged, never touched when newer."""

from __future__ import annotations

import os
import sqlite3
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from cellrun.core.errors import IndexTooNewError, WorkspaceException

VERSION = 1

_SCHEMA = """
CREATE TABLE run (
    id TEXT PRIMARY KEY, name TEXT, display_name TEXT, experiment TEXT, number INTEGER, created_at REAL, status TEXT,
    tags TEXT, words TEXT, row TEXT
) WITHOUT ROWID;
CREATE INDEX run_newest ON run (created_at DESC, number DESC);
CREATE INDEX run_newest_of_experiment ON run (experiment, created_at DESC, number DESC);
CREATE INDEX run_status ON run (status);
CREATE INDEX run_name ON run (name);
CREATE TABLE progress (changes INTEGER, runs_changed_ns INTEGER);
INSERT INTO progress VALUES (0, 0);
"""
_BUSY_S = 10.0


class IndexFile:
    """The database file. A cache: whatever happens to it, it is made again from the run folders."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Open the database, made first if needed.

        Raises IndexTooNewError for the file of a newer cellrun, WorkspaceException if it can't be used,
        sqlite3.DatabaseError if it turns out to be damaged, now or on the way: then `set_aside` helps.
        """
        try:
            if not self._path.exists():
                self._make()
            with closing(sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)) as base:
                base.execute("PRAGMA synchronous = OFF")  # a cache: after a power cut it is made again
                self._check_version(base)
                yield base
        except sqlite3.OperationalError as error:  # locked for too long, read-only, no space
            raise WorkspaceException(f"the index {self._path} can't be used: {error}") from error

    def set_aside(self, problem: object) -> None:
        """Give the damaged file another name, so that a new one is made, and warn."""
        aside = self._path.with_name(f"{self._path.name}.bad-{time.time_ns()}")
        with suppress(FileNotFoundError):  # somebody else was as quick
            self._path.rename(aside)
        self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)
        warnings.warn(
            f"the index {self._path} was damaged ({problem}); it is kept as {aside.name} and made again",
            RuntimeWarning,
            stacklevel=2,
        )

    def _check_version(self, base: sqlite3.Connection) -> None:
        found = base.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            raise IndexTooNewError(self._path, found, VERSION)
        if found < VERSION:
            raise sqlite3.DatabaseError(f"its version is {found}, not {VERSION}")

    def _make(self) -> None:
        """Make the file under another name and link it: nobody sees it before it is whole."""
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            with closing(sqlite3.connect(draft)) as base:
                base.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
            with suppress(FileExistsError):
                os.link(draft, self._path)
        finally:
            draft.unlink(missing_ok=True)
