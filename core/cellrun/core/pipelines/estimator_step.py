"""A step that runs what an estimator describes."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.pipelines.script_steps import ConfiguredStep
from cellrun.core.pipelines.step import StepParts
from cellrun.core.run_request import RunConfig
from cellrun.core.submission.script_run_config import ScriptRunConfig


class EstimatorStep(ConfiguredStep):
    """A step that runs an estimator (Azure ML's name), or a ScriptRunConfig.

    estimator_entry_script_arguments: the script's arguments; left out, those that the estimator has.
    """

    step_type: ClassVar[str] = "EstimatorStep"

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        name: str | None = None,
        estimator: ScriptRunConfig | None = None,
        estimator_entry_script_arguments: Iterable[Any] | None = None,
        runconfig_pipeline_params: Mapping[str, Any] | None = None,
        inputs: Iterable[Any] | None = None,
        outputs: Iterable[Any] | None = None,
        compute_target: object = None,
        allow_reuse: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        version: str | None = None,
    ) -> None:
        if not isinstance(estimator, ScriptRunConfig):
            raise UserErrorException(f"EstimatorStep: estimator={shown(estimator)}; give one, as Estimator(...)")
        given = estimator_entry_script_arguments
        super().__init__(
            name or str(estimator.script),
            arguments=(estimator.arguments or ()) if given is None else given,
            inputs=inputs,
            outputs=outputs,
            compute_target=compute_target,
            allow_reuse=allow_reuse,
            runconfig=estimator,
            runconfig_pipeline_params=runconfig_pipeline_params,
            version=version,
        )
        self.estimator = estimator

    def config(self, parts: StepParts, source_directory: str | None) -> RunConfig:
        """Return the estimator as a config, with the step's arguments and data."""
        made = copy.copy(self.estimator)
        made.run_config = self.run_configuration(parts)
        made.arguments = parts.arguments
        made.data = [*self.estimator.data, *parts.data]
        made.name = self.name
        if made.source_directory is None:
            made.source_directory = source_directory or "."
        return made
