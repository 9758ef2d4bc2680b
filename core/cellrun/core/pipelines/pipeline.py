"""A pipeline: steps that are submitted together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, cast

from cellrun.core.data.stores.datastore import Datastore
from cellrun.core.driving.driver_request import driver_request
from cellrun.core.driving.plan import Plan
from cellrun.core.errors import InvalidSubmissionError, NotSupportedError, UserErrorException, did_you_mean, shown
from cellrun.core.pipelines.graph import StepGraph
from cellrun.core.pipelines.parameter import ParameterValues
from cellrun.core.pipelines.pipeline_data import PipelineData
from cellrun.core.pipelines.step import PipelineStep, StepParts
from cellrun.core.pipelines.step_sequence import flat
from cellrun.core.run_request import RunRequest
from cellrun.core.submission.run_options import target_name

if TYPE_CHECKING:
    from cellrun.core.pipelines.pipeline_run import PipelineRun
    from cellrun.core.workspace import Workspace

PIPELINE_RUN = "azureml.PipelineRun"
STEP_RUN = "azureml.StepRun"
_DRIVER = "cellrun.core.pipelines.pipeline_driver:PipelineDriver"
_OPTIONS = ("pipeline_parameters", "continue_on_step_failure", "regenerate_outputs", "parent_run_id")


class Pipeline:
    """Steps with data between them, submitted together (Azure ML's name).

    A step begins when those have completed whose outputs it reads or that it runs after; others run at the same time.

    steps: steps, lists of steps, a StepSequence; with `resolve_closure` also what these read from and run after.
    default_datastore: where outputs are kept whose PipelineData names no datastore; the workspace's default one.
    default_source_directory: the folder of steps that name none; the current one.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        workspace: Workspace,
        steps: Any,
        description: str | None = None,
        default_datastore: Datastore | str | None = None,
        default_source_directory: str | None = None,
        resolve_closure: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        _workflow_provider: object = None,
        _service_endpoint: object = None,
        **options: object,
    ) -> None:
        unknown = [name for name in options if name[0] != "_" and name != "default_compute_target"]
        if unknown:
            known = ("workspace", "steps", "description", "default_datastore", "default_source_directory")
            hint = did_you_mean(unknown[0], known) or f"known: {', '.join(known)}, resolve_closure"
            raise UserErrorException(f"Pipeline has no {unknown[0]!r}; {hint}")
        self.workspace = workspace
        self.description = description
        self.default_datastore = default_datastore
        self.default_source_directory = default_source_directory
        self._default_compute_target = options.get("default_compute_target")
        self._steps = list(flat(steps))
        self._resolve_closure = resolve_closure

    @property
    def steps(self) -> list[PipelineStep]:
        """Its steps, in an order in which they can run."""
        return self._graph().steps

    @property
    def graph(self) -> StepGraph:
        """Which step waits for which."""
        return self._graph()

    def validate(self) -> list[str]:
        """Return what is wrong with the pipeline as it is, empty if nothing is: nothing is started."""
        try:
            request = self.request()
        except InvalidSubmissionError as error:
            return list(error.problems)
        return list(request.code.problems(self.workspace.layout))

    def submit(  # Azure ML's signature
        self,
        experiment_name: str,
        pipeline_parameters: Mapping[str, Any] | None = None,
        continue_on_step_failure: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        regenerate_outputs: bool = False,  # noqa: FBT001, FBT002  # as above
        parent_run_id: str | None = None,
        **options: Any,
    ) -> PipelineRun:
        """Submit it to an experiment, made if it is new; `Experiment.submit(pipeline)` does the same.

        The code of every step is taken along now. A step that fails keeps those from beginning that wait for it, and
        all others too unless `continue_on_step_failure`. `regenerate_outputs`: no step makes use of an earlier run.
        Raises InvalidSubmissionError with all that is wrong, before a run exists.
        """
        from cellrun.core.experiment import Experiment  # noqa: PLC0415  # needed here alone

        options |= {
            "pipeline_parameters": pipeline_parameters,
            "continue_on_step_failure": continue_on_step_failure,
            "regenerate_outputs": regenerate_outputs,
            "parent_run_id": parent_run_id,
        }
        return cast("PipelineRun", Experiment(self.workspace, experiment_name).submit(self, **options))

    def publish(self, *_: object, **__: object) -> NoReturn:
        """Refuse: there is no service that others could call."""
        raise NotSupportedError(
            "Pipeline.publish", "makes an endpoint of Azure's service", "submit the pipeline where it is needed"
        )

    @staticmethod
    def load_yaml(*_: object, **__: object) -> NoReturn:
        """Refuse: a pipeline is written in Python here."""
        raise NotSupportedError("Pipeline.load_yaml", "reads Azure's own format", "write its steps in Python")

    def service_endpoint(self) -> NoReturn:
        """Refuse: there is none."""
        raise NotSupportedError("Pipeline.service_endpoint", "is an address of Azure's service")

    def _set_experiment_name(self, name: str) -> None:
        """Do nothing: it is private of Azure ML, and programs name it; a submission says its experiment."""

    def request(self) -> RunRequest:
        """Return the run that drives it. Raises InvalidSubmissionError with every mistake in its steps."""
        return self.submitted_with().request()

    def submitted_with(self, **options: Any) -> PipelineSubmission:
        """Return it as it is submitted with options: those of `submit`."""
        unknown = [name for name in options if name not in _OPTIONS and name[0] != "_"]
        unknown = [name for name in unknown if name != "credential_passthrough"]
        if unknown:
            hint = did_you_mean(unknown[0], _OPTIONS) or f"known: {', '.join(_OPTIONS)}"
            raise UserErrorException(f"a pipeline isn't submitted with {unknown[0]!r}; {hint}")
        return PipelineSubmission(self, **{name: value for name, value in options.items() if name in _OPTIONS})

    @property
    def datastore_name(self) -> str:
        """The name of the datastore that outputs are kept in by default."""
        given = self.default_datastore
        if given is None:
            return self.workspace.get_default_datastore().name
        return given if isinstance(given, str) else given.name

    def _graph(self) -> StepGraph:
        return StepGraph(self._steps, resolve_closure=self._resolve_closure)

    def __repr__(self) -> str:
        return f"Pipeline({', '.join(repr(step.name) for step in self._steps)})"


class PipelineSubmission:
    """One submission of a pipeline: with the values of its parameters, as a config."""

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        pipeline_parameters: Mapping[str, Any] | None = None,
        continue_on_step_failure: bool | None = False,
        regenerate_outputs: bool | None = False,
        parent_run_id: str | None = None,
    ) -> None:
        if pipeline_parameters is not None and not isinstance(pipeline_parameters, Mapping):
            raise UserErrorException(f"pipeline_parameters={shown(pipeline_parameters)}: give a dict of values by name")
        self._pipeline = pipeline
        self._values = dict(pipeline_parameters or {})
        self._continues = bool(continue_on_step_failure)
        self._regenerates = bool(regenerate_outputs)
        self._parent = parent_run_id

    def request(self) -> RunRequest:
        """Return the run that drives the steps. Raises InvalidSubmissionError with every mistake in them."""
        graph, values = self._pipeline.graph, ParameterValues(self._values)
        problems = list(graph.problems) or ([] if graph.steps else ["the pipeline has no steps"])
        keys = {step: str(number) for number, step in enumerate(graph.steps)}
        requests, steps = {}, {}
        for step, key in keys.items():
            try:
                parts = StepParts(step, values)
                requests[key] = self._request(step, parts)
            except InvalidSubmissionError as error:
                problems += [f"step {step.name!r}: {problem}" for problem in error.problems]
                continue
            except UserErrorException as error:
                problems.append(f"step {step.name!r}: {error}")
                continue
            steps[key] = {
                "name": step.name,
                "after": [keys[one] for one in graph.after[step]],
                "edges": {
                    name: [keys[edge.identity.producer], edge.output_name, edge.is_dataset]
                    for name, edge in parts.edges.items()
                    if edge.identity.producer in keys
                },
                "allow_reuse": bool(step.allow_reuse) and not self._regenerates,
            }
        if problems := [*problems, *values.problems, *values.unknown()]:
            raise InvalidSubmissionError(problems)
        options = {"steps": steps, "continue_on_step_failure": self._continues, "outputs": _named_outputs(keys)}
        request = driver_request(
            _DRIVER,
            Plan(options, requests),
            type=PIPELINE_RUN,
            properties=self._properties(values),
        )
        return replace(request, parent=self._parent)

    def _request(self, step: PipelineStep, parts: StepParts) -> RunRequest:
        if step.compute_target is None and (target := self._pipeline._default_compute_target) is not None:  # noqa: SLF001  # its own
            step.compute_target = target
        request = step.config(parts, self._pipeline.default_source_directory).request()
        store = self._pipeline.datastore_name
        return replace(
            request,
            outputs=tuple(one if one.datastore else replace(one, datastore=store) for one in request.outputs),
            type=STEP_RUN if request.type == "azureml.scriptrun" else request.type,
            properties={
                **request.properties,
                "azureml.runsource": STEP_RUN,
                "azureml.moduleName": step.name,
                "StepType": step.step_type,
                "ComputeTargetType": target_name(request.target or "local"),
            },
        )

    def _properties(self, values: ParameterValues) -> dict[str, str]:
        return {
            "azureml.runsource": PIPELINE_RUN,
            "runSource": "SDK",
            "runType": "SDK",
            "azureml.parameters": json.dumps(values.to_json()),
            "azureml.continue_on_step_failure": str(self._continues),
            "azureml.continue_on_failed_optional_input": "True",
        }


def _named_outputs(keys: Mapping[PipelineStep, str]) -> dict[str, list[str]]:
    """Return the outputs that have a name in the pipeline, each with the key of its step and its name there."""
    return {
        output.pipeline_output_name: [key, output.output_name]
        for step, key in keys.items()
        for output in step.outputs
        if isinstance(output, PipelineData) and output.pipeline_output_name
    }
