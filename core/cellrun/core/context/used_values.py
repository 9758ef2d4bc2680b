"""Which captured values runs refer to, so that those which nobody uses any more can be freed."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress

from cellrun.core.context.manifest import Blob, Context, has_context
from cellrun.core.context.value_store import ValueStore
from cellrun.core.control_file import UNREADABLE
from cellrun.core.errors import ContextException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.run_store import DELETED
from cellrun.core.store.values_in_use import freeing_values

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
    for blob in blobs:
        store.path(blob).unlink(missing_ok=True)


def _values_of_others(workspace: WorkspaceLayout, run_ids: Collection[str]) -> set[Blob]:
    names = os.listdir(workspace.runs)  # noqa: PTH208  # names alone: there may be 100,000
    others = [name for name in names if name not in run_ids and not name.startswith(DELETED)]
    return {blob for name in others for blob in values_of_run(workspace.run(name))}


def values_of_run(layout: RunLayout) -> set[Blob]:
    """Return the values that a run's context and its results refer to."""
    folders = filter(has_context, (layout.context, layout.results))
    return {blob for folder in folders for blob in Context.read(folder).blobs()}
