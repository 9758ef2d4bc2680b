"""Brings an index up to date: the runs that changed, came or went since the last refresh."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Mapping
from functools import cache

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import RunNotFoundError, WorkspaceException
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.changes import end_of_changes, read_changes
from cellrun.core.store.json_reading import dumps, loads
from cellrun.core.store.lists.index_rows import ReadRun, write_rows
from cellrun.core.store.lists.run_row import RunRow
from cellrun.core.store.lists.throttle import CostThrottle
from cellrun.core.store.liveness import checked_status, is_old, is_silent, run_owners
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore, is_there

_SETTLED_NS = 2_000_000_000
"""A folder's time of change says that nothing more changed only when it is older than the clock's coarsest tick."""
_BATCH = 100
_LARGEST_BATCH = 800


class IndexRefresh:
    """Refreshes the index of one workspace, from any thread. What it costs goes with what changed.

    Whoever changes a run notes that in the list of changes. What nobody can note is looked for besides: a run's owner
    that died, and folders that came and went by other hands. With many runs that isn't done at each look (Sparing).
    """

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self._workspace = workspace
        self._store = RunStore(workspace)
        self._listing = CostThrottle()
        self._looking_at_live = CostThrottle()
        self._catching_up = threading.Lock()
        self._reading = threading.Lock()

    def refresh(self, base: sqlite3.Connection, within_s: float | None = None) -> bool:
        """Bring the index up to date; whether it is.

        Many runs that aren't in it yet are read newest first, for so many seconds if given.
        """
        until = time.monotonic() + within_s if within_s is not None else float("inf")
        with self._catching_up:
            self._catch_up(base)
        if not _has_unread(base):
            return True
        if not self._reading.acquire(timeout=-1 if within_s is None else within_s):
            return not _has_unread(base)
        try:
            return self._read_new(base, until)
        finally:
            self._reading.release()

    def _catch_up(self, base: sqlite3.Connection) -> None:
        """Read again what changed.

        Read outside a transaction: of two processes that look at once the later may write the older state, but whoever
        changed the run notes that after the change, and so it is read once more.
        """
        before = tuple(base.execute("SELECT changes, runs_changed_ns FROM progress").fetchone())
        looked_at_ns = time.time_ns()
        changed_ns = self._runs_changed_ns()
        is_new = before[0] < 0
        noted, changes = (
            (set(), end_of_changes(self._workspace)) if is_new else read_changes(self._workspace, before[0])
        )
        if len(noted) > _BATCH:  # whoever else can write there may have noted millions that are no runs
            noted &= {*_ids(base, "SELECT id FROM run"), *self._listed()}
        stale = noted | self._stale_live(base)
        if changed_ns != before[1] and (is_new or self._listing.is_due):
            with self._listing.work():
                stale |= self._came_or_went(base)
            changed_ns = changed_ns if looked_at_ns - changed_ns > _SETTLED_NS else 0
        else:
            changed_ns = before[1]
        later, now = (stale, set()) if len(stale) > _BATCH else (set(), stale)
        read = {run_id: self._read(run_id) for run_id in now}
        if read or later or (changes, changed_ns) != before:
            _write(base, read, later, (changes, changed_ns))

    def _read_new(self, base: sqlite3.Connection, until: float) -> bool:
        """Read runs that aren't in the index yet, one batch at least; whether none is left."""
        batch = _BATCH
        while ids := _ids(base, "SELECT id FROM unread ORDER BY made_at DESC LIMIT ?", batch):
            batch = batch if until < float("inf") else min(2 * batch, _LARGEST_BATCH)
            read = {run_id: self._read(run_id) for run_id in ids}
            base.execute("BEGIN IMMEDIATE")
            write_rows(base, read)
            base.executemany("DELETE FROM unread WHERE id = ?", [(run_id,) for run_id in ids])
            base.execute("COMMIT")
            if time.monotonic() >= until:
                break
        return not _has_unread(base)

    def _runs_changed_ns(self) -> int:
        try:
            return self._workspace.runs.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _came_or_went(self, base: sqlite3.Connection) -> set[str]:
        return set(_ids(base, "SELECT id FROM run")).symmetric_difference(self._listed())

    def _listed(self) -> list[str]:
        try:
            return self._store.ids()
        except OSError as error:
            raise WorkspaceException(f"{self._workspace.runs} can't be listed: {error.strerror}") from error

    def _stale_live(self, base: sqlite3.Connection) -> set[str]:
        """Return the runs that haven't ended and look otherwise than before, or whose owners are gone."""
        if not self._looking_at_live.is_due:
            return set()
        with self._looking_at_live.work():
            live = base.execute("SELECT id, seen FROM run WHERE is_live").fetchall()
            is_dead = cache(ProcessIdentity.is_proven_dead)  # one kernel may own many runs
            return {run_id for run_id, seen in live if _has_changed(self._workspace.run(run_id), seen, is_dead)}

    def _read(self, run_id: str) -> ReadRun | None:
        """Read a run; None for a folder that is gone."""
        layout = self._workspace.run(run_id)
        try:
            self._store.open(run_id)
            record, status = RunRecord.read(layout), checked_status(layout)
            if status.status.is_terminal:
                return ReadRun(RunRow.of(layout, status, record), None)
            times = _times(layout)  # before it is read: what changes meanwhile is noticed
            status = checked_status(layout)
            row = RunRow.of(layout, status, record)
            owners = [tuple(owner) for owner in run_owners(layout, record, status)]
            may_fall_silent = bool(owners) and not is_silent(status)
            return ReadRun(row, dumps([times, owners, may_fall_silent]).decode())
        except RunNotFoundError:
            return None
        except UNREADABLE as error:  # one damaged folder doesn't hide all others
            if not is_there(layout):  # it went while it was looked at
                return None
            # What changes there is noticed as in a run that hasn't ended: somebody may mend it. What the system refused
            # (too many open files, a disk that doesn't answer) is asked again at each look.
            times = [] if isinstance(error, OSError) else _times(layout)
            return ReadRun(RunRow.damaged(layout, error), dumps([times, [], False]).decode())


def _write(
    base: sqlite3.Connection, read: Mapping[str, ReadRun | None], later: Collection[str], progress: tuple[int, int]
) -> None:
    base.execute("BEGIN IMMEDIATE")
    write_rows(base, read)
    base.executemany("INSERT OR IGNORE INTO unread VALUES (?, ?)", [(run_id, _made_at(run_id)) for run_id in later])
    base.execute("UPDATE progress SET changes = ?, runs_changed_ns = ?", progress)
    base.execute("COMMIT")


def _ids(base: sqlite3.Connection, query: str, *values: int) -> list[str]:
    return [row[0] for row in base.execute(query, values)]


def _has_unread(base: sqlite3.Connection) -> bool:
    return bool(base.execute("SELECT 1 FROM unread LIMIT 1").fetchone())


def _made_at(run_id: str) -> int:
    """Return when a run was made, as its id has it; ids that users gave have no time."""
    time_text = run_id.split("_")[-2:-1]
    return int(time_text[0]) if time_text and time_text[0].isdecimal() and len(time_text[0]) < 12 else 0


def _has_changed(layout: RunLayout, seen: str, is_dead: Callable[[ProcessIdentity], bool]) -> bool:
    times, owners, may_fall_silent = loads(seen)
    return (
        times != _times(layout)
        or (bool(owners) and all(is_dead(ProcessIdentity(*owner)) for owner in owners))
        or (may_fall_silent and is_old(times[_HEARTBEAT] / 1e9 or None))
    )


_HEARTBEAT = 2
"""The place of the supervisor's heartbeat in them."""


def _times(layout: RunLayout) -> list[int]:
    return [_changed_ns(path) for path in (layout.statuses, layout.summaries, layout.processes, layout.record)]


def _changed_ns(path: os.PathLike[str]) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116  # asked of each live run at each look
    except OSError:
        return 0
