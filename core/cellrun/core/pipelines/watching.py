"""Watching a pipeline and its steps: what is printed on the way, and how it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.pipelines.azure_status import shown_status
from cellrun.core.portal.address import web_view
from cellrun.core.runs import watch
from cellrun.core.store.status import TERMINAL, Status, StatusFile, StatusRecord

if TYPE_CHECKING:
    from cellrun.core.pipelines.step_run import StepRun
    from cellrun.core.runs.run import Run

GOING_ON = frozenset(status.value for status in Status if status not in TERMINAL and status is not Status.DAMAGED)


class Deadline:
    """So long is waited for a run, and no longer."""

    def __init__(self, run_id: str, timeout_s: float) -> None:
        self._run_id = run_id
        self._timeout_s = timeout_s
        self._until = time.monotonic() + float(timeout_s)

    def check(self) -> None:
        """Raise ExperimentExecutionException if the time is up."""
        if time.monotonic() > self._until:
            raise ExperimentExecutionException(
                f"run {self._run_id} hasn't ended within {self._timeout_s:g} s (timeout_seconds); it goes on"
            )


def head(run: Run) -> None:
    """Print which run is watched, and where it is seen."""
    kind = _kind(run)
    watch.say(f"{kind}Id: {run.id}\n{_page(run)}\n{_called(run)} Status: {shown_status(run.get_status())}\n")


def watch_step(step: StepRun, deadline: Deadline, *, show_output: bool) -> None:
    """Wait until a step has ended, printing its log."""
    if show_output:
        watch.say("\n\n")
        head(step)

    def look() -> StatusRecord:
        deadline.check()
        step.get_status()
        return StatusFile(step.layout).read()

    if show_output:
        watch.follow(step.layout, look)
        _summary(step)
    else:
        watch.wait(look)


def ended(run: Run, *, raise_on_error: bool, show_output: bool) -> str:
    """Return the status of a run that has ended, printed if it is a pipeline's. Raises ActivityFailedException."""
    status, last = run.get_status(), StatusFile(run.layout).read()
    if show_output and _kind(run) == "PipelineRun":
        watch.say("\n\n")
        _summary(run)
    if last.status is Status.FAILED and raise_on_error:
        raise watch.failed(run.layout, last)
    return status


def _summary(run: Run) -> None:
    title = (
        f"{_kind(run)}({run.name}) Execution Summary" if _kind(run) == "StepRun" else "PipelineRun Execution Summary"
    )
    watch.say(f"\n{title}\n{'=' * len(title)}\n{_called(run)} Status: {shown_status(run.get_status())}\n")
    last = StatusFile(run.layout).read()
    if last.reason:
        watch.say(f"{last.reason}\n")


def _kind(run: Run) -> str:
    return "StepRun" if run.type == "azureml.StepRun" else "PipelineRun"


def _called(run: Run) -> str:
    return f"StepRun( {run.name} )" if _kind(run) == "StepRun" else "PipelineRun"


def _page(run: Run) -> str:
    return f"Link to its page: {web_view(run.layout, run.experiment.workspace.id)}"
