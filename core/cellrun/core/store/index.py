"""The list of a workspace's runs: a cache over the run folders, which stay the truth."""

from __future__ import annotations

import json
import sqlite3
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from cellrun.core.errors import RunNotFoundError
from cellrun.core.status import TERMINAL
from cellrun.core.store.changes import read_changes
from cellrun.core.store.index_file import IndexFile
from cellrun.core.store.layout import WorkspaceLayout
from cellrun.core.store.run_row import RunRow
from cellrun.core.store.run_store import RunStore

__all__ = ["Index", "RunRow"]

_SETTLED_NS = 2_000_000_000
"""A folder's time of change says that nothing more changed only when it is older than the clock's coarsest tick."""

_ENDED = ", ".join(f"'{status.value}'" for status in TERMINAL)

T = TypeVar("T")


class Index:
    """Lists and finds runs. Every question first looks at what changed since the last one; no events are read.

    An index that is damaged is set aside with a warning and made again; one of a newer cellrun is refused
    (IndexTooNewError).
    """

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self._workspace = workspace
        self._store = RunStore(workspace)
        self._file = IndexFile(workspace.index)

    def refresh(self) -> None:
        """Bring the index up to date."""
        self._ask(lambda _: None)

    def runs(  # noqa: PLR0913  # one for each way to choose
        self,
        *,
        experiment: str | None = None,
        status: Collection[str] | None = None,
        tags: Mapping[str, str | None] | Collection[str] = (),
        text: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[RunRow]:
        """Return runs, newest first.

        `status`: one of these; `tags`: all of these names, with these values if it is a mapping; `text`: a part of the
        name, id, experiment, tags or parameters, in any case.
        """
        conditions, values = _conditions(experiment, status, tags, text)
        where = " AND ".join(conditions) or "1"
        query = f"SELECT row FROM run WHERE {where} ORDER BY created_at DESC, number DESC LIMIT ? OFFSET ?"  # noqa: S608  # conditions are ours, values are bound
        page = (-1 if limit is None else limit, offset)
        return self._ask(lambda base: _rows(base.execute(query, (*values, *page))))

    def find(self, id_or_name: str) -> RunRow:
        """Return a run by its id, name or display name. Raises RunNotFoundError if there is none, or several."""
        query = "SELECT row FROM run WHERE ? IN (id, name, display_name) ORDER BY id != ?, name != ?"
        found = self._ask(lambda base: _rows(base.execute(query, (_storable(id_or_name),) * 3)))
        if not found or (len(found) > 1 and id_or_name not in {found[0].id, found[0].name}):
            raise RunNotFoundError(id_or_name, str(self._workspace.folder), [row.id for row in found])
        return found[0]

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return self._refreshed(question)
        except sqlite3.DatabaseError as error:
            self._file.set_aside(error)
            return self._refreshed(question)

    def _refreshed(self, question: Callable[[sqlite3.Connection], T]) -> T:
        with self._file.connection() as base:
            self._refresh(base)
            return question(base)

    def _refresh(self, base: sqlite3.Connection) -> None:
        """Read again what may have changed: runs that were told to, all that haven't ended, folders that came or went.

        Read outside a transaction: of two processes that look at once the later may write the older state, but only of
        a run that hasn't ended, which is read again at the next look.
        """
        before = tuple(base.execute("SELECT changes, runs_changed_ns FROM progress").fetchone())
        looked_at_ns = time.time_ns()
        changed_ns = self._runs_changed_ns()
        stale, changes = read_changes(self._workspace, before[0])
        stale |= _ids(base, f"SELECT id FROM run WHERE status NOT IN ({_ENDED})")  # noqa: S608  # our own words
        if changed_ns != before[1]:
            stale |= _ids(base, "SELECT id FROM run").symmetric_difference(self._store.ids())
        rows = {run_id: self._read(run_id) for run_id in stale}
        progress = (changes, changed_ns if looked_at_ns - changed_ns > _SETTLED_NS else 0)
        if rows or progress != before:
            _write(base, rows, progress)

    def _runs_changed_ns(self) -> int:
        try:
            return self._workspace.runs.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _read(self, run_id: str) -> RunRow | None:
        """Return a run's row; None for a folder that is gone or can't be read."""
        try:
            return RunRow.read(self._store.open(run_id))
        except RunNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:  # one damaged folder doesn't hide all others
            warnings.warn(
                f"{self._workspace.run(run_id).folder} can't be read: {error!r}", RuntimeWarning, stacklevel=2
            )
            return None


def _write(base: sqlite3.Connection, rows: Mapping[str, RunRow | None], progress: tuple[int, int]) -> None:
    base.execute("BEGIN IMMEDIATE")
    for run_id, row in rows.items():
        if row is None:
            base.execute("DELETE FROM run WHERE id = ?", (run_id,))
        else:
            base.execute(f"REPLACE INTO run VALUES ({', '.join('?' * 10)})", _columns(row))  # noqa: S608  # marks alone
    base.execute("UPDATE progress SET changes = ?, runs_changed_ns = ?", progress)
    base.execute("COMMIT")


def _ids(base: sqlite3.Connection, query: str) -> set[str]:
    return {row[0] for row in base.execute(query)}


def _rows(found: Iterable[tuple[str]]) -> list[RunRow]:
    return [RunRow.from_json(json.loads(text)) for (text,) in found]


def _columns(row: RunRow) -> tuple[str | float, ...]:
    """Return what is stored of a row: what is chosen and sorted by, the words to search, and the whole row as JSON."""
    tags = [f"{name} {value or ''}" for name, value in row.tags.items()]
    parameters = [f"{name} {value}" for name, value in row.parameters.items()]
    words = " ".join([row.id, row.name, row.display_name, *tags, *parameters]).lower()
    return (
        row.id,
        row.name,
        _storable(row.display_name),
        row.experiment,
        row.number,
        row.created_at,
        row.status.value,
        json.dumps(row.tags),
        _storable(words),
        json.dumps(row.to_json()),
    )


def _storable(text: str) -> str:
    """Return a text without lone surrogates, which SQLite can't hold; the JSON beside it keeps them."""
    return text.encode("utf-8", "replace").decode()


def _conditions(
    experiment: str | None,
    status: Collection[str] | None,
    tags: Mapping[str, str | None] | Collection[str],
    text: str | None,
) -> tuple[list[str], list[Any]]:
    """Return what rows must fulfil, as SQL and the values to bind."""
    conditions: list[str] = []
    values: list[Any] = []
    if experiment is not None:
        conditions.append("experiment = ?")
        values.append(experiment)
    if status is not None:
        conditions.append(f"status IN ({', '.join('?' * len(status))})")
        values += [str(one) for one in status]
    for tag in tags:
        wanted = "AND value IS ?" if isinstance(tags, Mapping) else ""
        conditions.append(f"EXISTS (SELECT 1 FROM json_each(run.tags) WHERE key = ? {wanted})")  # noqa: S608  # ours
        values += [tag, tags[tag]] if isinstance(tags, Mapping) else [tag]
    if text:
        conditions.append("instr(words, ?)")
        values.append(_storable(text.lower()))
    return conditions, values
