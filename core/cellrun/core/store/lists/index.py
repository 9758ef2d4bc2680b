"""The list of a workspace's runs: a cache over the run folders, which stay the truth."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any, NamedTuple, TypeVar

from cellrun.core import names
from cellrun.core.errors import CellrunError, RunNotFoundError, WorkspaceException
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.places import cache_of
from cellrun.core.store.lists.index_file import INDEX, IndexFile
from cellrun.core.store.lists.index_memory import IndexMemory
from cellrun.core.store.lists.index_refresh import IndexRefresh
from cellrun.core.store.lists.index_rows import CHANGES_KEPT, CHILDREN, rows_of
from cellrun.core.store.lists.run_choice import RunChoice, storable
from cellrun.core.store.lists.run_row import RunRow
from cellrun.core.store.status import TERMINAL, Status

__all__ = ["ExperimentRow", "Index", "ListNews", "Point", "RunPage", "RunRow"]

_PAGE = (
    f"SELECT row, {CHILDREN} FROM (SELECT id, number_here, created_at, number FROM run WHERE {{}} "  # noqa: S608  # ours
    "ORDER BY created_at DESC, number DESC LIMIT ? OFFSET ?) AS run LEFT JOIN shown USING (number_here) "
    "ORDER BY created_at DESC, number DESC"
)
_ENDED = ", ".join(f"'{status.value}'" for status in (*TERMINAL, Status.DAMAGED))
_LIVE_S = 0.25

T = TypeVar("T")


class RunPage(NamedTuple):
    """Some of the runs that were asked for, and how many there are in all."""

    rows: list[RunRow]
    total: int
    is_complete: bool
    """False while the index is being made again: older runs are still missing."""


class ExperimentRow(NamedTuple):
    """An experiment in a list."""

    name: str
    runs: int
    active: int
    """Those that haven't ended."""
    latest_at: float | None
    """When its latest run was made, epoch seconds; None without runs."""


class Point(NamedTuple):
    """A moment in the life of an index, from which its changes can be told."""

    epoch: str
    """Another one for each index that was made: numbers of different epochs say nothing of each other."""
    number: int


class ListNews(NamedTuple):
    """What changed in a list since a point."""

    rows: list[RunRow]
    """Runs that are new or different, in the order in which they changed."""
    gone: list[str]
    """The ids of runs that are no more."""
    point: Point
    """Where to ask on."""
    reset: bool
    """Whether the changes can't be told, or are too many: the list is to be read again. Nothing else is in it then."""


class Index:
    """Lists and finds runs. Every question first looks at what changed since the last one; no events are read.

    An index that is damaged is set aside with a warning and made again, one of an older cellrun is made again; one of a
    newer cellrun is refused (IndexTooNewError), and so are runs in a folder that others own or can write to
    (WorkspaceException). Where its file can't be used (a full or read-only disk, a lock that stays) an index in memory
    answers. Rows have the first 200 metrics of a run. Any thread may ask.
    """

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self._workspace = workspace
        self._refresh = IndexRefresh(workspace)

    def refresh(self) -> None:
        """Bring the index up to date."""
        self._ask(lambda _: None)

    def runs(self, *, limit: int | None = None, offset: int = 0, **choice: Any) -> list[RunRow]:
        """Return runs, newest first; `choice` are the words of RunChoice, which says what they mean."""
        asked = _checked(RunChoice(**choice))
        return self._ask(lambda base: _page(base, asked, limit, offset))[0]

    def page(self, *, limit: int | None = 50, offset: int = 0, within_s: float | None = None, **choice: Any) -> RunPage:
        """Return a page of runs as `runs` has them, and how many there are on all pages.

        `within_s`: while an index of many runs is being made again, answer with what was read after so many seconds.
        """
        asked = _checked(RunChoice(**choice))
        (rows, total), is_complete = self._ask(lambda base: _page_and_total(base, asked, limit, offset), within_s)
        return RunPage(rows, total, is_complete)

    def find(self, id_or_name: str) -> RunRow:
        """Return a run by its id, name or display name. Raises RunNotFoundError if there is none, or several."""
        query = (
            f"SELECT row, {CHILDREN} FROM run JOIN shown USING (number_here) "  # noqa: S608  # ours
            "WHERE id = ?1 OR name = ?1 OR display_name = ?1 "
            "ORDER BY id != ?1, name != ?1"
        )
        found = self._ask(lambda base: rows_of(base.execute(query, (storable(id_or_name),))))[0]
        if not found or (len(found) > 1 and id_or_name not in {found[0].id, found[0].name}):
            raise RunNotFoundError(id_or_name, str(self._workspace.folder), [row.id for row in found])
        return found[0]

    def experiments(self, within_s: float | None = None) -> list[ExperimentRow]:
        """Return the experiments by name, those without runs included."""
        found = self._ask(_experiments, within_s)[0]
        for name in _folders(self._workspace.experiments):
            found.setdefault(name, ExperimentRow(name, 0, 0, None))
        return [found[name] for name in sorted(found)]

    def counts(self, experiment: str | None = None) -> dict[Status, int]:
        """Return how many runs have each status; a status that none has isn't in it."""
        where, values = RunChoice(experiment).where()
        query = f"SELECT status, sum(runs) FROM tally WHERE {where} GROUP BY status HAVING sum(runs) > 0"  # noqa: S608  # ours
        return {
            Status(status): runs for status, runs in self._ask(lambda base: base.execute(query, values).fetchall())[0]
        }

    def changed(self, since: Point | None = None, most: int = 1000) -> ListNews:
        """Return what changed since a point; without one, only the point to ask on from. Costs nothing if nothing did.

        Points outlive the process. More than `most` changed runs are a reset.
        """
        return self._ask(lambda base: _news(base, since, most), _LIVE_S)[0]

    def _ask(self, question: Callable[[sqlite3.Connection], T], within_s: float | None = None) -> tuple[T, bool]:
        memory, file = IndexMemory.of(self._workspace.folder), self._file()
        if file and not memory.is_in_place:
            with suppress(sqlite3.Error, OSError):
                return self._from_file(file, question, within_s)
            memory.take_over()
        try:
            return self._answered(memory.connection(file), question, within_s)
        except sqlite3.Error:  # a copy of what is damaged
            memory.forget()
            return self._answered(memory.connection(None), question, within_s)

    def _from_file(
        self, file: IndexFile, question: Callable[[sqlite3.Connection], T], within_s: float | None
    ) -> tuple[T, bool]:
        try:
            return self._answered(file.connection(), question, within_s)
        except sqlite3.Error as error:
            if not file.is_damaged(error):
                raise
            file.set_aside(error)
        return self._answered(file.connection(), question, within_s)

    def _file(self) -> IndexFile | None:
        """Return the file of the index; None where there is no place for it."""
        try:
            return IndexFile(cache_of(self._workspace) / INDEX)
        except WorkspaceException as error:
            if isinstance(error.__cause__, OSError):
                return None
            raise

    def _answered(
        self,
        connection: AbstractContextManager[sqlite3.Connection],
        question: Callable[[sqlite3.Connection], T],
        within_s: float | None,
    ) -> tuple[T, bool]:
        """Answer a question by what is up to date. Raises sqlite3.Error, also for what no table of ours can hold."""
        try:
            with connection as base:
                is_complete = self._refresh.refresh(base, within_s)
                base.execute("BEGIN")  # all that is answered is of one moment
                return question(base), is_complete
        except CellrunError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
            raise sqlite3.DatabaseError(f"what it holds can't be: {error}") from error


def _checked(choice: RunChoice) -> RunChoice:
    """Return a choice that can be asked for: a wrong one raises here, and isn't taken for damage of the index."""
    choice.where()
    return choice


def _page(base: sqlite3.Connection, choice: RunChoice, limit: int | None, offset: int) -> list[RunRow]:
    where, values = choice.where()
    rows = rows_of(base.execute(_PAGE.format(where), (*values, -1 if limit is None else limit, offset)))
    order = [(row.created_at, row.number) for row in rows]
    # What is sorted by has no checksum, what is returned has.
    if order != sorted(order, reverse=True) or len({row.id for row in rows}) < len(rows):
        raise ValueError("its order isn't that of its rows")
    return rows


def _page_and_total(
    base: sqlite3.Connection, choice: RunChoice, limit: int | None, offset: int
) -> tuple[list[RunRow], int]:
    rows = _page(base, choice, limit, offset)
    is_last = (limit is None or len(rows) < limit) and (rows or not offset)
    return rows, offset + len(rows) if is_last else _total(base, choice)


def _total(base: sqlite3.Connection, choice: RunChoice) -> int:
    where, values = choice.where()
    what = "coalesce(sum(runs), 0) FROM tally" if choice.is_tallied else "count(*) FROM run"
    return int(base.execute(f"SELECT {what} WHERE {where}", values).fetchone()[0])


def _experiments(base: sqlite3.Connection) -> dict[str, ExperimentRow]:
    query = (
        f"SELECT experiment, sum(runs), sum(iif(status IN ({_ENDED}), 0, runs)) FROM tally "  # noqa: S608  # our own words
        "GROUP BY experiment HAVING sum(runs) > 0"
    )
    latest = "SELECT max(created_at) FROM run WHERE experiment = ?"
    return {
        name: ExperimentRow(name, runs, active, base.execute(latest, (name,)).fetchone()[0])
        for name, runs, active in base.execute(query).fetchall()
    }


def _news(base: sqlite3.Connection, since: Point | None, most: int) -> ListNews:
    point = Point(*base.execute("SELECT epoch, change FROM progress").fetchone())
    if since is None or since.epoch != point.epoch or not point.number - CHANGES_KEPT <= since.number <= point.number:
        return ListNews([], [], point, reset=True)
    if since == point:
        return ListNews([], [], point, reset=False)
    query = f"SELECT row, {CHILDREN} FROM run JOIN shown USING (number_here) WHERE change > ? ORDER BY change LIMIT ?"  # noqa: S608  # ours
    changed = base.execute(query, (since.number, most + 1)).fetchall()
    gone = [run_id for (run_id,) in base.execute("SELECT id FROM gone WHERE change > ?", (since.number,))]
    if len(changed) + len(gone) > most:
        return ListNews([], [], point, reset=True)
    return ListNews(rows_of(changed), gone, point, reset=False)


def _folders(folder: os.PathLike[str]) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir() and names.is_plain(entry.name)]
    except FileNotFoundError:
        return []
