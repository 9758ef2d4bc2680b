"""The SQLite file of a workspace's index: made whole, set aside when damaged, never touched when newer."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from cellrun.core.errors import IndexTooNewError
from cellrun.core.front_end import plain

INDEX = "index.db"
VERSION = 4

_SCHEMA = f"""
CREATE TABLE run (
    number_here INTEGER PRIMARY KEY, id TEXT UNIQUE, name TEXT, display_name TEXT, experiment TEXT, number INTEGER,
    created_at REAL, status TEXT, is_live INTEGER, notebook TEXT, type TEXT, target TEXT, parent TEXT, change INTEGER,
    tags TEXT, properties TEXT, words TEXT, seen TEXT
);
CREATE TABLE shown (number_here INTEGER PRIMARY KEY, row TEXT);
CREATE INDEX run_newest ON run (created_at DESC, number DESC);
CREATE INDEX run_newest_of_experiment ON run (experiment, created_at DESC, number DESC);
CREATE INDEX run_newest_of_status ON run (status, created_at DESC, number DESC);
CREATE INDEX run_newest_of_notebook ON run (notebook, created_at DESC, number DESC) WHERE notebook NOT NULL;
CREATE INDEX run_newest_of_parent ON run (parent, created_at DESC, number DESC) WHERE parent NOT NULL;
CREATE INDEX run_name ON run (name);
CREATE INDEX run_display_name ON run (display_name);
CREATE INDEX run_change ON run (change);
CREATE INDEX run_live ON run (id, seen) WHERE is_live;

CREATE TABLE tally (experiment TEXT, status TEXT, runs INTEGER, PRIMARY KEY (experiment, status)) WITHOUT ROWID;
CREATE TRIGGER run_comes AFTER INSERT ON run BEGIN
    INSERT INTO tally VALUES (new.experiment, new.status, 1) ON CONFLICT DO UPDATE SET runs = runs + 1;
END;
CREATE TRIGGER run_goes AFTER DELETE ON run BEGIN
    UPDATE tally SET runs = runs - 1 WHERE experiment = old.experiment AND status = old.status;
    DELETE FROM shown WHERE number_here = old.number_here;
END;
CREATE TRIGGER run_changes AFTER UPDATE OF status ON run WHEN new.status != old.status BEGIN
    UPDATE tally SET runs = runs - 1 WHERE experiment = old.experiment AND status = old.status;
    INSERT INTO tally VALUES (new.experiment, new.status, 1) ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER child_comes AFTER INSERT ON run WHEN new.parent NOT NULL BEGIN
    UPDATE run SET change = new.change WHERE id = new.parent;
END;
CREATE TRIGGER child_goes AFTER DELETE ON run WHEN old.parent NOT NULL BEGIN
    UPDATE run SET change = (SELECT change + 1 FROM progress) WHERE id = old.parent;
END;

CREATE TABLE gone (id TEXT PRIMARY KEY, change INTEGER) WITHOUT ROWID;
CREATE INDEX gone_change ON gone (change);
CREATE TABLE unread (id TEXT PRIMARY KEY, made_at INTEGER) WITHOUT ROWID;
CREATE INDEX unread_newest ON unread (made_at DESC);
CREATE TABLE progress (changes INTEGER, runs_changed_ns INTEGER, change INTEGER, epoch TEXT /* version {VERSION} */);
INSERT INTO progress VALUES (-1, 0, 0, lower(hex(randomblob(8))));
"""  # noqa: S608  # our own words
_MAKE = f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"
_ANOTHER_EPOCH = "UPDATE progress SET epoch = lower(hex(randomblob(8)))"
_BUSY_S = 10.0
_LONGEST_BYTES = 64_000_000
"""No row or text of ours is longer, whatever was put into the file."""
_ROOM_BYTES = 1 << 16
_OF_THE_DISK = ("database is locked", "database table is locked", "locking protocol", "database or disk is full")
"""What SQLite says where the file itself is whole; before Python 3.11 an error has no number."""


class IndexFile:
    """The database file. A cache: whatever happens to it, it is made again from the run folders.

    Its journal is SQLite's oldest (DELETE), never WAL, which network file systems break. Each question opens the file
    anew (0.2 ms), so that threads, forks and a file that was replaced need no care.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = 0

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Open the database, made first if needed, and made anew if an older cellrun made it.

        Raises IndexTooNewError for the file of a newer cellrun; sqlite3.Error or OSError if it is damaged or can't be
        used, now or on the way: `is_damaged` tells which.
        """
        if not self._path.exists():
            self._make()
        with closing(self._open()) as base:
            yield base

    def is_damaged(self, error: sqlite3.Error) -> bool:
        """Whether an error is the file's own: nobody holds it, and a new one could be written in its place."""
        if str(error).startswith(_OF_THE_DISK):
            return False
        try:
            draft = self._draft()
        except (sqlite3.Error, OSError):  # full, read-only, a path longer than SQLite takes
            return False
        draft.unlink(missing_ok=True)
        return True

    def set_aside(self, problem: object) -> None:
        """Give the damaged file another name, so that a new one is made, and warn. Raises OSError."""
        aside = self._path.with_name(f"{self._path.name}.bad-{time.time_ns()}")
        try:
            if self._path.stat().st_ino != self._inode:  # somebody else was as quick
                return
            self._path.rename(aside)
        except FileNotFoundError:
            return
        for kind in ("journal", "wal", "shm"):  # a damaged header may ask for the latter two
            self._path.with_name(f"{self._path.name}-{kind}").unlink(missing_ok=True)
        warnings.warn(
            plain(f"the index {self._path} was damaged ({problem}); it is kept as {aside.name} and made again"),
            RuntimeWarning,
            stacklevel=2,
        )

    def copy(self) -> sqlite3.Connection:
        """Return a copy in memory, which any thread may use: what it numbers from now on isn't the file's.

        Raises as `connection` does.
        """
        with self.connection() as base:
            base.execute("BEGIN")
            base.execute(
                "SELECT * FROM progress"
            ).fetchone()  # a lock that others hold is waited for here, not for ever
            copied = in_memory()
            base.backup(copied)
        copied.execute(_ANOTHER_EPOCH)
        return copied

    def _open(self) -> sqlite3.Connection:
        base = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        self._inode = self._path.stat().st_ino
        if sys.version_info >= (3, 11):
            base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_BYTES)
            base.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        try:
            if self._is_of_this_version(base):
                base.execute("PRAGMA trusted_schema = OFF")
                base.execute("PRAGMA cell_size_check = ON")
                base.execute("PRAGMA synchronous = OFF")  # a cache: after a power cut it is made again
                return base
        except BaseException:  # Ctrl-C as well: no connection stays open
            base.close()
            raise
        base.close()
        self._path.unlink(missing_ok=True)
        self._make()
        return self._open()

    def _is_of_this_version(self, base: sqlite3.Connection) -> bool:
        """Whether this cellrun made it; False for an older one."""
        found = int(base.execute("PRAGMA user_version").fetchone()[0])
        is_ours = _schema(base) == _expected_schema()  # which has the version in it
        if found != VERSION and (is_ours or not found):
            raise sqlite3.DatabaseError("its version is lost")
        if found > VERSION:
            raise IndexTooNewError(self._path, found, VERSION)
        if found == VERSION and not is_ours:  # a trigger or view in it would run with our questions
            raise sqlite3.DatabaseError("its tables aren't ours")
        if is_ours and base.execute("PRAGMA journal_mode").fetchone()[0] != "delete":
            raise sqlite3.DatabaseError("its journal isn't ours")
        return is_ours

    def _make(self) -> None:
        """Make the file under another name and link it: nobody sees it before it is whole."""
        draft = self._draft()
        try:
            os.link(draft, self._path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links: of two that make it at once, the later one's stays
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)

    def _draft(self) -> Path:
        """Make a new database under another name, with some room for what is to come."""
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                while os.fstat(fd).st_size < _ROOM_BYTES:
                    os.write(fd, bytes(_ROOM_BYTES))
                os.ftruncate(fd, 0)
            finally:
                os.close(fd)
            with closing(sqlite3.connect(draft)) as base:
                base.executescript(_MAKE)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return draft


def in_memory() -> sqlite3.Connection:
    """Return a new index in memory, which any thread may use."""
    base = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    base.executescript(_MAKE)
    return base


def _schema(base: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return all that is defined in a database: kind, name and text."""
    return base.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


@cache
def _expected_schema() -> list[tuple[str, str, str]]:
    with closing(in_memory()) as base:
        return _schema(base)
