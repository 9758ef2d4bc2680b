"""Refreshes the status of runs by what their target knows better than their folders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cellrun.core.disk.ownership import is_mine
from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.liveness import checked_status
from cellrun.core.store.status import Status, StatusFile, StatusRecord
from cellrun.core.targets.contract import ComputeTarget
from cellrun.core.targets.keeper.client import NoKeeperError, ObservedByKeeper, observe_by_keeper
from cellrun.core.targets.sync_round import bring, is_being_started

_UNDER_WAY = frozenset({Status.PREPARING, Status.QUEUED, Status.STARTING, Status.RUNNING, Status.FINALIZING})


def look(target: ComputeTarget, runs: Sequence[RunLayout]) -> dict[str, StatusRecord]:
    """Return the status of a target's runs by id; with what its engine says that one waits for, or why it says nothing.

    A target whose runs are processes of this machine is asked here; any other by the keeper, so that one process asks
    an engine, which is waited for a second at most, or here where none can be had. A target that doesn't answer changes
    nothing: the folders tell. Nothing is written into a workspace that others can write to: it is looked at, as it is.
    """
    states = {run: StatusFile(run).read() for run in runs}
    living = [run for run, now in states.items() if not now.status.is_terminal and not is_being_started(run, now)]
    said = ObservedByKeeper()
    if living and all(is_mine(workspace) for workspace in {run.workspace.folder for run in living}):
        with suppress(ComputeTargetException):
            said = _looked(target, living)
    return {run.run_id: _with_reason(run.run_id, checked_status(run), said) for run in runs}


def _looked(target: ComputeTarget, runs: Sequence[RunLayout]) -> ObservedByKeeper:
    if target.shares_processes:
        return ObservedByKeeper(target.observe(runs))
    by_workspace: dict[Path, list[RunLayout]] = defaultdict(list)
    for run in runs:
        by_workspace[run.workspace.folder].append(run)
    try:
        found = [observe_by_keeper(target, WorkspaceLayout(folder), its) for folder, its in by_workspace.items()]
    except NoKeeperError:
        target.is_watched, target.watched = True, frozenset(run.run_id for run in runs)
        try:
            return ObservedByKeeper(bring(target, runs).observed)
        finally:
            target.close()
    observed = {run_id: said for each in found for run_id, said in each.observed.items()}
    return ObservedByKeeper(observed, next((each.why_not for each in found if each.why_not), ""))


def _with_reason(run_id: str, status: StatusRecord, said: ObservedByKeeper) -> StatusRecord:
    """Return a status with what isn't in the folder: what a run waits for, or why nothing is heard of it by now."""
    reason = ""
    if status.status is Status.QUEUED and run_id in said.observed:
        reason = said.observed[run_id].reason
    elif status.status in _UNDER_WAY:
        reason = said.why_not
    return status._replace(reason=reason) if reason else status
