"""Deleting runs: what that frees, why a run stays, and doing it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cellrun.core.context.used_values import free_values, size_of_values, values_only_of
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.disk.whole_files import remove_tree, size_on_disk
from cellrun.core.errors import CellrunError, RunNotFoundError, problem_of
from cellrun.core.front_end import plain
from cellrun.core.identity import ProcessIdentity, is_own_run
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.mirror.run_key import forget_key
from cellrun.core.mirror.run_token import revoke_token
from cellrun.core.processes.family import ProcessFamily, runs_with_members
from cellrun.core.store.changes import freeing_values
from cellrun.core.store.events.column_cache import ColumnCache
from cellrun.core.store.lists.index import Index
from cellrun.core.store.liveness import checked_status, in_sight, is_silent, run_owners
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import StatusFile


@dataclass(frozen=True)
class DeletedRun:
    """A run that was to be deleted."""

    id: str
    name: str
    size_bytes: int
    """What its folder takes on the disk."""
    refused: str | None
    """Why it stays; None if it goes."""


@dataclass(frozen=True)
class Deletion:
    """What deleting some runs frees, or freed: their folders, and captured values that no other run refers to."""

    runs: tuple[DeletedRun, ...]
    freed_bytes: int

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"runs": [asdict(run) for run in self.runs], "freed_bytes": self.freed_bytes}


def delete_runs(workspace: WorkspaceLayout, ids: Iterable[str], *, dry: bool = False) -> Deletion:
    """Delete runs for good, or with `dry` only say what that would free. A run that hasn't ended stays.

    Ids or names. With a run go its children and theirs; it stays as long as one of them goes on. A run leaves every
    list by one rename and is removed then; a kill in between leaves none of it in a list. Its number isn't given again.
    Values are kept while another run is being submitted: it may count on them.
    """
    store = RunStore(workspace)
    judged = {run.id: run for given in ids for run in _judged_family(store, given)}
    going = {run_id for run_id, run in judged.items() if run.refused is None}
    sizes = sum(judged[run_id].size_bytes for run_id in going)
    if not going or dry:
        return Deletion(tuple(judged.values()), sizes + size_of_values(workspace, values_only_of(workspace, going)))
    for run_id in going & runs_with_members():  # whoever ended it couldn't see to it that nobody is left
        if not is_own_run(workspace.run(run_id)):
            ProcessFamily(workspace.run(run_id), job=None).stop(0)
    with freeing_values(workspace) as may_free:
        values = values_only_of(workspace, going) if may_free else set()
        taken_out = [folder for run_id in going if (folder := _taken_out(store, run_id))]
        values_bytes = size_of_values(workspace, values)
        free_values(workspace, values)  # the runs went first: none is ever without its values
    for run_id in going:
        ColumnCache(workspace.run(run_id)).forget()
        with suppress(CellrunError, OSError, ValueError):  # no place for these, or no name of a run's: it has none
            forget_key(workspace.run(run_id))
            revoke_token(workspace.run(run_id))
    for folder in taken_out:
        with suppress(OSError):  # what can't be removed is no run any more
            remove_tree(folder)
    left = sum(size_on_disk(folder) for folder in taken_out if folder.exists())
    return Deletion(tuple(judged.values()), sizes + values_bytes - left)


def _judged_family(store: RunStore, given: str) -> list[DeletedRun]:
    """Judge a run and, if it could go, those below it."""
    run = _judged(store, given)
    if run.refused is not None:
        return [run]
    below = [_judged(store, row.id) for row in Index(store.workspace).runs(below=run.id)]
    staying = next((each for each in below if each.refused is not None), None)
    return [replace(run, refused=f"its child {staying.name} stays: {staying.refused}")] if staying else [run, *below]


def _judged(store: RunStore, given: str) -> DeletedRun:
    try:
        layout = store.find(given)
    except (RunNotFoundError, OSError, ValueError):  # or no name of a file
        return DeletedRun(given, given, 0, "there is no such run")
    if another := _another_workspace(store.workspace):
        words = f"a link leads to it, and it is a run of the workspace in {plain(str(another))}: delete it there"
        return DeletedRun(layout.run_id, layout.run_id, size_on_disk(layout.folder), words)
    try:
        record, status = RunRecord.read(layout), checked_status(layout)
        is_lost = is_silent(status) and not in_sight(run_owners(layout, record, status))
    except RunNotFoundError:
        return DeletedRun(given, given, 0, "there is no such run")
    except UNREADABLE as error:
        return _judged_damaged(layout, error)
    refused = None if status.status.is_terminal or is_lost else f"it is {status.status.word}: cancel it first"
    return DeletedRun(layout.run_id, record.name, size_on_disk(layout.folder), refused)


def _another_workspace(workspace: WorkspaceLayout) -> Path | None:
    """Return the folder of the workspace whose runs these are; None if they are its own, also on another disk."""
    real = workspace.runs.resolve().parent
    is_anothers = real != workspace.folder.resolve() and WorkspaceLayout(real).record.exists()
    return real if is_anothers else None


def _judged_damaged(layout: RunLayout, error: Exception) -> DeletedRun:
    """Judge a run that can't be read: it goes unless a process shows that it goes on."""
    living = {entry.pid for entry in ProcessFamily(layout, job=None).members()}
    with suppress(*UNREADABLE):
        status = StatusFile(layout).read()
        owner = status.fields.get("owner")
        if owner and not status.status.is_terminal and ProcessIdentity.from_json(owner).is_alive():
            living.add(owner["pid"])
    pids = ", ".join(map(str, sorted(living)))
    refused = f"it is damaged ({problem_of(error)}), and processes of it go on: {pids}" if living else None
    return DeletedRun(layout.run_id, layout.run_id, size_on_disk(layout.folder), refused)


def _taken_out(store: RunStore, run_id: str) -> Path | None:
    try:
        return store.take_out(run_id)
    except RunNotFoundError:  # somebody else deleted it just now
        return None
