"""Asks the keeper, which is started if it doesn't run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.status import StatusFile, StatusRecord
from cellrun.core.targets.contract import ComputeTarget, Observation
from cellrun.core.targets.keeper.asking import NoAnswerError, ask
from cellrun.core.targets.keeper.credentials import credentials
from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.core.targets.keeper.protocol import Order, observations_of
from cellrun.core.targets.keeper.start import NoKeeperError
from cellrun.core.targets.unresponsive_engine import is_on_its_way

__all__ = ["NoKeeperError", "ObservedByKeeper", "Sent", "observe_by_keeper", "send", "states", "tend", "wake"]

LOOK_S = 1.0
"""So long a look waits for a pass."""
_MARGIN_S = 0.2
_SOON_S = 2.0
"""So long an answer is waited for that needs no pass."""
_PAUSE_S = 0.05


class Sent(NamedTuple):
    """What became of a run that was to be sent."""

    is_launched: bool
    """Whether its engine has it."""
    why_not: str = ""
    """Why its target can't send it now, in its words; it is tried again. Empty if it is on its way."""


class ObservedByKeeper(NamedTuple):
    """What a look by the keeper has seen."""

    observed: Mapping[str, Observation] = {}
    """What the engine says of runs. Empty if no pass was there within a second, or passes fail: the folders tell."""
    why_not: str = ""
    """Why passes fail, in the target's words."""


def observe_by_keeper(target: ComputeTarget, workspace: WorkspaceLayout, runs: Sequence[RunLayout]) -> ObservedByKeeper:
    """Return what the engine says of runs, by a pass that isn't older than a second.

    Raises NoKeeperError if no keeper can be had.
    """
    about = {
        **_about(workspace, target.name, runs),
        "wait_s": LOOK_S,
        "variables": credentials(),
    }
    try:
        answer = ask(Order.LOOK, about, LOOK_S + _MARGIN_S)
    except NoAnswerError:
        return ObservedByKeeper()
    return ObservedByKeeper(observations_of(answer["observed"]), str(answer.get("why_not", "")))


def wake(workspace: WorkspaceLayout, target_name: str) -> None:
    """Have a pass of a target come at once; doesn't wait for it. Without a keeper the next look does the same."""
    with suppress(ComputeTargetException):
        ask(Order.WAKE, _about(workspace, target_name), _SOON_S)


def send(workspace: WorkspaceLayout, target_name: str, run: RunLayout, wait_s: float) -> Sent:
    """Have a target's `send` called for a run now, and wait until the run is launched, at most so long.

    Raises ComputeTargetException, with why, for a run that was refused there: it is Failed.
    """
    try:
        answer = ask(Order.SEND, {**_about(workspace, target_name, [run]), "wait_s": wait_s}, wait_s + _SOON_S)
        sent = Sent(bool(answer["is_launched"]), str(answer.get("why_not", "")))
    except NoAnswerError:
        sent = Sent(is_launched=False)
    except NoKeeperError:
        sent = _send_here(workspace, target_name, run, wait_s)
    status = StatusFile(run).read()
    if _is_refused(status):
        raise ComputeTargetException(status.reason)
    return sent._replace(is_launched=sent.is_launched or not is_on_its_way(status))


def states(workspace: WorkspaceLayout) -> Mapping[str, KeptState]:
    """Return how those targets of a workspace are that the keeper holds, by name; none if no keeper runs."""
    with suppress(ComputeTargetException):
        answer = ask(Order.STATES, _where(workspace), _SOON_S, starts=False)
        return {name: KeptState.from_json(state) for name, state in answer["states"].items()}
    return {}


def tend(workspace: WorkspaceLayout) -> None:
    """Have the keeper hold all runs of a workspace that live elsewhere. Raises ComputeTargetException if it can't."""
    ask(Order.TEND, _where(workspace), _SOON_S)


def _send_here(workspace: WorkspaceLayout, target_name: str, run: RunLayout, wait_s: float) -> Sent:
    from cellrun.core.targets.workspace_targets import WorkspaceTargets  # noqa: PLC0415  # it imports this one

    target = WorkspaceTargets(workspace).get(target_name)
    until = time.monotonic() + wait_s
    try:
        target.send([run])
        while (is_on_way := is_on_its_way(StatusFile(run).read())) and time.monotonic() < until:
            time.sleep(_PAUSE_S)
            target.send([run])
        return Sent(is_launched=not is_on_way)
    except ComputeTargetException as error:
        return Sent(is_launched=False, why_not=str(error))
    finally:
        target.close()


def _is_refused(status: StatusRecord) -> bool:
    return status.status.is_terminal and "there" not in status.fields and bool(status.reason)


def _where(workspace: WorkspaceLayout) -> dict[str, Any]:
    return {"workspace": str(workspace.folder.resolve())}


def _about(workspace: WorkspaceLayout, target_name: str, runs: Sequence[RunLayout] = ()) -> dict[str, Any]:
    return {**_where(workspace), "target": target_name, "runs": [run.run_id for run in runs]}
