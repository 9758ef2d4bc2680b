"""Finds the captured values that runs refer to, and frees those that no run does."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cellrun.core.context.manifest import Blob, Context, has_context
from cellrun.core.context.value_store import ValueStore
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.disk.whole_files import DRAFT
from cellrun.core.errors import ContextException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.changes import freeing_values
from cellrun.core.store.run_store import DELETED, is_abandoned_run

_FRESH_S = 60.0
_UNREADABLE = (ContextException, *UNREADABLE)


def values_only_of(workspace: WorkspaceLayout, run_ids: Collection[str]) -> set[Blob]:
    """Return the values that these runs refer to and no other folder of runs does, whole or being made.

    No value at all if one of those can't be read: then nobody knows. Other runs are only looked at if these have any.
    """
    try:
        found = {blob for run_id in run_ids for blob in values_of_run(workspace.run(run_id))}
        return found - _values_of_others(workspace, run_ids) if found else found
    except _UNREADABLE:
        return set()


def free_unused_values(workspace: WorkspaceLayout, blobs: Collection[Blob]) -> None:
    """Remove those of some values that no run refers to: none if that can't be told, or others are making a run."""
    if not blobs:
        return
    with freeing_values(workspace) as may_free, suppress(*_UNREADABLE):
        if may_free:
            free_values(workspace, set(blobs) - _values_of_others(workspace, ()))


def free_orphans(workspace: WorkspaceLayout) -> None:
    """Remove values that no run names, if somebody was killed who was putting values there.

    Nothing is removed, and the next one tries again, while others are making a run, or what was written a moment ago
    may still get its name.
    """
    if not workspace.orphans.exists():
        return
    with freeing_values(workspace, patience_s=0) as may_free, suppress(OSError):
        found = orphans(workspace) if may_free else None
        if found is None:
            return
        for path in found.old:
            path.unlink(missing_ok=True)
        if not found.fresh:
            workspace.orphans.unlink(missing_ok=True)


class Orphans(NamedTuple):
    """Values that no run names."""

    old: list[Path]
    fresh: list[Path]
    """Those that were written a moment ago: whoever is writing them, on another machine, may be about to name them."""


def orphans(workspace: WorkspaceLayout) -> Orphans | None:
    """Return the values that no run names; None if nobody can tell: a run is being made, or can't be read.

    To be asked while `freeing_values` says that nobody here is making a run.
    """
    try:
        names = os.listdir(workspace.runs)  # noqa: PTH208  # names alone
        drafts = [name for name in names if name.startswith(DRAFT)]
        if not all(is_abandoned_run(workspace.run(name)) for name in drafts):
            return None
        named = {blob.hash for blob in _values_of_others(workspace, drafts)}
    except _UNREADABLE:
        return None
    found = Orphans([], [])
    for path, age_s in _values(workspace):
        if path.name not in named:
            (found.old if age_s > _FRESH_S else found.fresh).append(path)
    return found


def _values(workspace: WorkspaceLayout) -> Iterator[tuple[Path, float]]:
    """Iterate over all values that are kept, and how long ago each was written, in seconds."""
    now = time.time()
    for folder in workspace.values.glob("??"):
        for path in folder.iterdir() if not folder.is_symlink() else ():
            with suppress(FileNotFoundError):
                if path.name.startswith(folder.name) and path.is_file():
                    yield path, now - path.lstat().st_mtime


def size_of_values(workspace: WorkspaceLayout, blobs: Collection[Blob]) -> int:
    """Return the bytes on disk of some values."""
    store, size_bytes = ValueStore(workspace.values), 0
    for blob in blobs:
        with suppress(FileNotFoundError):
            size_bytes += store.path(blob).stat().st_blocks * 512
    return size_bytes


def free_values(workspace: WorkspaceLayout, blobs: Collection[Blob]) -> None:
    """Remove some values; only while `freeing_values` says that nobody is making a run."""
    store = ValueStore(workspace.values)
    for path in map(store.path, blobs):
        if not path.parent.is_symlink():
            path.unlink(missing_ok=True)


def _values_of_others(workspace: WorkspaceLayout, run_ids: Collection[str]) -> set[Blob]:
    names = os.listdir(workspace.runs)  # noqa: PTH208  # names alone: there may be 100,000
    others = [name for name in names if name not in run_ids and not name.startswith(DELETED)]
    return {blob for name in others for blob in values_of_run(workspace.run(name))}


def values_of_run(layout: RunLayout) -> set[Blob]:
    """Return the values that a run's context and its results refer to."""
    folders = filter(has_context, (layout.context, layout.results))
    return {blob for folder in folders for blob in Context.read(folder).blobs()}
