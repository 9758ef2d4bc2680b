"""A step of a pipeline that is a sweep."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, ClassVar

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.pipelines.pipeline import STEP_RUN
from cellrun.core.pipelines.pipeline_data import ProducedOutput
from cellrun.core.pipelines.pipeline_dataset import PipelineOutputAbstractDataset
from cellrun.core.pipelines.step import PipelineStep, StepParts
from cellrun.core.run_request import RunConfig
from cellrun.core.runs.run import Run
from cellrun.core.sweep.config import HyperDriveConfig
from cellrun.core.sweep.options import METRICS
from cellrun.core.sweep.run import HyperDriveRun


class HyperDriveStep(PipelineStep):
    """A step that runs a sweep (Azure ML's name).

    hyperdrive_config: the sweep; its script gets its arguments there, then `estimator_entry_script_arguments`.
    metrics_output: a PipelineData, or several, which become a JSON file with the metrics of all runs.
    outputs: those with a `training_output` become the metrics, or a file of the best run; into others the runs write.
    allow_reuse: whether an earlier sweep of the same code, arguments and inputs does as well; with it, a sampling
        without a seed of its own always tries the same.
    """

    step_type: ClassVar[str] = "HyperDriveStep"

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        name: str,
        hyperdrive_config: HyperDriveConfig | None = None,
        estimator_entry_script_arguments: Iterable[Any] | None = None,
        inputs: Iterable[Any] | None = None,
        outputs: Iterable[Any] | None = None,
        metrics_output: Any = None,
        allow_reuse: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        version: str | None = None,
        hyperdrive_run_config: HyperDriveConfig | None = None,
    ) -> None:
        hyperdrive_config = hyperdrive_config or hyperdrive_run_config  # as the first versions of the SDK had it
        if not isinstance(hyperdrive_config, HyperDriveConfig):
            raise UserErrorException(
                f"step {name!r}: hyperdrive_config={shown(hyperdrive_config)}; give HyperDriveConfig"
            )
        base = hyperdrive_config.base
        metrics = list(metrics_output) if isinstance(metrics_output, (list, tuple)) else [metrics_output]
        metrics = [one for one in metrics if one is not None]
        super().__init__(
            name,
            arguments=[*(getattr(base, "arguments", None) or ()), *(estimator_entry_script_arguments or ())],
            inputs=inputs,
            outputs=[*(outputs or ()), *metrics],
            allow_reuse=allow_reuse,
        )
        self.hyperdrive_config = hyperdrive_config
        self.version = version
        contents = {_pipeline_data(one).output_name: _content(one, one in metrics) for one in self.outputs}
        self._made = {name: content for name, content in contents.items() if content is not None}

    def config(self, parts: StepParts, source_directory: str | None) -> RunConfig:
        """Return the sweep as a config."""
        made = [one for one in parts.data if isinstance(one, ProducedOutput) and one.run_data().name in self._made]
        base = copy.copy(self.hyperdrive_config.base)
        base.arguments = parts.arguments
        if getattr(base, "source_directory", "") is None:
            base.source_directory = source_directory or "."
        base.data = [*base.data, *(one for one in parts.data if one not in made)]
        outputs = [(output, self._made[output.name]) for output in (one.run_data() for one in made)]
        seed = 0 if self.allow_reuse else None
        return self.hyperdrive_config.as_step(base, type=STEP_RUN, name=self.name, made=outputs, seed=seed)


class HyperDriveStepRun(HyperDriveRun):
    """The run of such a step with the verbs of a sweep: `HyperDriveStepRun(step_run=run.find_step_run("tune")[0])`."""

    def __init__(self, step_run: Run) -> None:
        super().__init__(step_run.experiment, step_run.id)


def _pipeline_data(output: Any) -> Any:
    return output.pipeline_data if isinstance(output, PipelineOutputAbstractDataset) else output


def _content(output: Any, is_metrics: bool) -> str | None:  # noqa: FBT001  # where it was given
    """Return what the sweep itself puts into an output; None if its runs fill it."""
    training = getattr(_pipeline_data(output), "training_output", None)
    if training is None:
        return METRICS if is_metrics else None
    return METRICS if training.type.lower() == "metrics" else training.model_file or "outputs/model.pkl"
