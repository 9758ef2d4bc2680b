"""The look at runs: their target is asked once, what it knows better than their folders is written down there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout
from cellrun.core.ownership import is_mine
from cellrun.core.status import Status
from cellrun.core.store.record import RunRecord
from cellrun.core.store.settle import run_owners, settle
from cellrun.core.store.silence import are_proven_dead
from cellrun.core.store.status_file import StatusFile, StatusRecord
from cellrun.core.targets.contract import Capability, ComputeTarget, JobState, Observation


def look(target: ComputeTarget, runs: Sequence[RunLayout]) -> dict[str, StatusRecord]:
    """Return the status of a target's runs by id; of one that is Queued, with what its engine says that it waits for.

    A target that doesn't answer changes nothing: the folders tell. Nothing is written into a workspace that others can
    write to: it is looked at, as it is.
    """
    states = {run: StatusFile(run).read() for run in runs}
    living = [run for run, now in states.items() if not now.status.is_terminal and not _is_being_started(run, now)]
    observed: Mapping[str, Observation] = {}
    workspaces = {run.workspace.folder for run in living}
    if living and all(is_mine(workspace) for workspace in workspaces):
        with suppress(ComputeTargetException):
            observed = _bring_up_to_date(target, living)
    return {run.run_id: _with_reason(settle(run), observed.get(run.run_id)) for run in runs}


def _ended_unseen(target: ComputeTarget, said: Observation, last: Status) -> str:
    """Say why a run is Failed whose end its engine alone has seen."""
    why = f" ({said.reason})" if said.reason else ""
    if said.state is JobState.ENDED:
        return f"{target.kind} says that it has ended{why}; last seen {last.word}"
    return f"{target.kind} no longer knows it{why}; last seen {last.word}"


def _with_reason(status: StatusRecord, observed: Observation | None) -> StatusRecord:
    if status.status is not Status.QUEUED or observed is None or not observed.reason:
        return status
    return status._replace(reason=observed.reason)


def _is_being_started(run: RunLayout, status: StatusRecord) -> bool:
    """Whether a run's submitter is still at it, so that the engine needn't know it yet."""
    if status.status is not Status.NOT_STARTED:
        return False
    owners = run_owners(run, RunRecord.read(run), status)
    return bool(owners) and not are_proven_dead(run, owners)


def _bring_up_to_date(target: ComputeTarget, runs: Sequence[RunLayout]) -> Mapping[str, Observation]:
    observed = target.observe(runs)
    if Capability.SHARES_FILES in target.capabilities:
        return observed
    over = {JobState.ENDED, JobState.UNKNOWN}
    ended = [run for run in runs if (said := observed.get(run.run_id)) and said.state in over]
    target.sync([run for run in runs if run not in ended], is_final=False)
    if not ended:
        return observed
    target.sync(ended, is_final=True)
    for run in ended:
        before = StatusFile(run).read()
        if not before.status.is_terminal:
            said = observed[run.run_id]
            StatusFile(run).change(Status.FAILED, reason=_ended_unseen(target, said, before.status))
    return observed
