"""The live runs of a workspace that aren't on this machine, by its list."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress

from cellrun.core.disk.ownership import is_mine
from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.status import TERMINAL, Status
from cellrun.core.targets.workspace_targets import LOCAL, WorkspaceTargets

_LIVING = [status.value for status in Status if status not in {*TERMINAL, Status.DAMAGED}]


def runs_elsewhere(workspace: WorkspaceLayout) -> dict[str, list[RunLayout]]:
    """Return the live runs of targets that aren't on this machine, by the target's name; none of another user's.

    A target that can't be used here counts as one: why it can't is to be said. Raises WorkspaceException.
    """
    if not workspace.targets.is_dir() or not is_mine(workspace.folder):
        return {}
    from cellrun.core.store.lists.index import Index  # noqa: PLC0415  # it loads sqlite3, for this alone

    found: dict[str, list[RunLayout]] = defaultdict(list)
    for row in Index(workspace).runs(status=_LIVING):
        if row.target and row.target != LOCAL:
            found[row.target].append(workspace.run(row.id))
    return {name: runs for name, runs in found.items() if not _is_here(workspace, name)}


def _is_here(workspace: WorkspaceLayout, name: str) -> bool:
    with suppress(ComputeTargetException):
        return WorkspaceTargets(workspace).get(name).shares_processes
    return False
