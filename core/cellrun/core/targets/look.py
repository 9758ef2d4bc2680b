"""The look at runs: what their target knows better than their folders is written down there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.ownership import is_mine
from cellrun.core.status import Status
from cellrun.core.store.settle import settle
from cellrun.core.store.status_file import StatusFile, StatusRecord
from cellrun.core.targets.bringing import bring, is_being_started
from cellrun.core.targets.contract import ComputeTarget, Observation
from cellrun.core.targets.keeper.client import NoKeeperError, look_by_keeper


def look(target: ComputeTarget, runs: Sequence[RunLayout]) -> dict[str, StatusRecord]:
    """Return the status of a target's runs by id; of one that is Queued, with what its engine says that it waits for.

    A target that shares our files is asked here; any other by the keeper, which is waited for a second at most, or here
    where none can be had. A target that doesn't answer changes nothing: the folders tell. Nothing is written into a
    workspace that others can write to: it is looked at, as it is.
    """
    states = {run: StatusFile(run).read() for run in runs}
    living = [run for run, now in states.items() if not now.status.is_terminal and not is_being_started(run, now)]
    observed: Mapping[str, Observation] = {}
    if living and all(is_mine(workspace) for workspace in {run.workspace.folder for run in living}):
        with suppress(ComputeTargetException):
            observed = _observed(target, living)
    return {run.run_id: _with_reason(settle(run), observed.get(run.run_id)) for run in runs}


def _observed(target: ComputeTarget, runs: Sequence[RunLayout]) -> Mapping[str, Observation]:
    if target.shares_files:
        return target.observe(runs)
    by_workspace: dict[Path, list[RunLayout]] = defaultdict(list)
    for run in runs:
        by_workspace[run.workspace.folder].append(run)
    try:
        return {
            run_id: said
            for folder, its in by_workspace.items()
            for run_id, said in look_by_keeper(target, WorkspaceLayout(folder), its).items()
        }
    except NoKeeperError:
        try:
            return bring(target, runs).observed
        finally:
            target.close()


def _with_reason(status: StatusRecord, observed: Observation | None) -> StatusRecord:
    if status.status is not Status.QUEUED or observed is None or not observed.reason:
        return status
    return status._replace(reason=observed.reason)
