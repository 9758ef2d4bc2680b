"""The run of a pipeline: what drives its steps."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import NotSupportedError, UserErrorException, did_you_mean
from cellrun.core.front_end import plain
from cellrun.core.pipelines import watching
from cellrun.core.pipelines.port_data import PortDataReference
from cellrun.core.pipelines.step_run import StepRun
from cellrun.core.pipelines.watched_run import WatchedRun

if TYPE_CHECKING:
    from cellrun.core.workspace import Workspace

_LOOK_S = 0.2


class PipelineRun(WatchedRun):
    """The run of a pipeline (Azure ML's name): each step is a child of it, once it has begun."""

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> PipelineRun:
        """Return a pipeline's run by its id or name. Raises RunNotFoundError, UserErrorException for another run."""
        run = workspace.get_run(run_id)
        if not isinstance(run, PipelineRun):
            raise UserErrorException(f"run {run_id} isn't a pipeline's: its type is {run.type}")
        return run

    @staticmethod
    def get_pipeline_runs(*_: object, **__: object) -> NoReturn:
        """Refuse: it asks for runs of a published pipeline."""
        raise NotSupportedError(
            "PipelineRun.get_pipeline_runs", "is about published pipelines", "use experiment.get_runs()"
        )

    def get_steps(self) -> Iterator[StepRun]:
        """Iterate over the runs of its steps that have begun, the latest first."""
        return reversed(self._steps())

    def find_step_run(self, name: str) -> list[StepRun]:
        """Return the runs of the steps of a name: none while none of these has begun.

        Of a name that no step of the pipeline has there are none either, with a warning.
        """
        known = self._step_names()
        if known and name not in known:
            hint = did_you_mean(name, known) or f"it has: {', '.join(map(repr, known))}"
            warnings.warn(plain(f"pipeline run {self.id} has no step {name!r}; {hint}"), stacklevel=2)
        return [step for step in self._steps() if step.name == name]

    def get_pipeline_output(self, pipeline_output_name: str) -> PortDataReference:
        """Return where the output is kept that a PipelineData named by `pipeline_output_name`."""
        found: dict[str, Any] = self._options().get("outputs", {})
        if pipeline_output_name not in found:
            known = ", ".join(map(repr, found)) or "none"
            raise UserErrorException(f"the pipeline has no output {pipeline_output_name!r}; it has: {known}")
        step_name, output = found[pipeline_output_name]
        steps = [step for step in self._steps() if step.properties.get("azureml.nodeid") == step_name]
        if not steps:
            raise UserErrorException(f"the step that makes {pipeline_output_name!r} hasn't begun")
        return steps[-1].get_output_data(output)

    def get_graph(self) -> dict[str, list[str]]:
        """Return the names of the steps, each with those that it waits for."""
        steps = self._options().get("steps", {})
        return {one["name"]: [steps[key]["name"] for key in one["after"]] for one in steps.values()}

    def cancel(self, reason: str | None = None) -> None:
        """Stop the steps that run, and start no other. Steps that go on without their pipeline are stopped as well."""
        if self.get_status() in watching.GOING_ON:
            super().cancel(reason)  # and with it its steps
            return
        for step in self._steps():
            if step.get_status() in watching.GOING_ON:
                step.cancel(reason)

    def get_details(self) -> dict[str, Any]:
        """Return what is known of it, as of any run; with a warning if steps go on although it has ended."""
        details = super().get_details()
        if self.get_status() not in watching.GOING_ON:
            left = [step.id for step in self._steps() if step.get_status() in watching.GOING_ON]
            if left:
                warning = f"steps go on without it: {', '.join(left)}; pipeline_run.cancel() stops them"
                details["warnings"] = [*details.get("warnings", ()), {"source": "cellrun", "message": warning}]
        return details

    def publish_pipeline(self, *_: object, **__: object) -> NoReturn:
        """Refuse: there is no service that others could call."""
        raise NotSupportedError(
            "PipelineRun.publish_pipeline", "makes an endpoint of Azure's service", "submit the pipeline again"
        )

    def save(self, *_: object, **__: object) -> NoReturn:
        """Refuse: it writes Azure's own format."""
        raise NotSupportedError("PipelineRun.save", "writes Azure's own format", "keep the Python that makes its steps")

    def _watch(self, deadline: watching.Deadline, *, show_output: bool) -> None:
        if show_output:
            self._print_steps(deadline)
        while self.get_status() in watching.GOING_ON:
            deadline.check()
            time.sleep(_LOOK_S)

    def _print_steps(self, deadline: watching.Deadline) -> None:
        """Print the log of each step, one step after another, until the pipeline has ended."""
        watching.head(self)
        shown: set[str] = set()
        while True:
            is_over = self.get_status() not in watching.GOING_ON
            steps = [step for step in self._steps() if step.id not in shown]
            for step in steps:
                shown.add(step.id)
                watching.watch_step(step, deadline, show_output=True)
            if is_over and not steps:
                return
            deadline.check()
            if not steps:
                time.sleep(_LOOK_S)

    def _steps(self) -> list[StepRun]:
        from cellrun.core.store.lists.index import Index  # noqa: PLC0415  # it loads sqlite3, which a job doesn't need

        rows = Index(self.layout.workspace).runs(parent=self.layout.run_id)
        found = [self.experiment.run(row.id) for row in reversed(rows)]
        return [run for run in found if isinstance(run, StepRun)]

    def _step_names(self) -> list[str]:
        return [one["name"] for one in self._options().get("steps", {}).values()]

    def _options(self) -> dict[str, Any]:
        from cellrun.core.driving.plan import plan_options  # noqa: PLC0415  # it needs what submits

        with suppress(*UNREADABLE):
            return plan_options(self.layout)
        return {}
