"""A step of a pipeline: what is run, with which data, after which others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from cellrun.core.data.datasets.consumption import DatasetConsumptionConfig
from cellrun.core.data.in_run.output import ConsumedOutput, OutputFileDatasetConfig, OutputIdentity
from cellrun.core.data.stores.data_path import DataPath, DataPathComputeBinding
from cellrun.core.data.stores.data_reference import DataReference
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.pipelines.edge import EdgeInput
from cellrun.core.pipelines.parameter import ParameterValues, PipelineParameter
from cellrun.core.pipelines.pipeline_data import InputPortBinding, PipelineData, ProducedOutput, edge_of
from cellrun.core.pipelines.pipeline_dataset import PipelineOutputAbstractDataset
from cellrun.core.pipelines.port_data import PortDataReference
from cellrun.core.run_request import RunConfig


class StepParts:
    """What one submission of a pipeline gives a step: its arguments and data, with the values of parameters.

    Responsibilities: which of the data the step itself makes, which of it other steps make (`edges`), by name.
    """

    def __init__(self, step: PipelineStep, values: ParameterValues) -> None:
        self._step = step
        self._values = values
        self.edges: dict[str, EdgeInput] = {}
        self.arguments = [self._resolved(one) for one in step.arguments]
        self.data = [
            one
            for one in map(self._resolved, (*step.inputs, *step.outputs))
            if not isinstance(one, str)  # the path of a file, as some steps are given it
        ]
        self.variables = {f"AML_PARAMETER_{name}": str(self.value(value)) for name, value in step.params.items()}

    def value(self, given: Any) -> Any:
        """Return a value, which may be a parameter."""
        return self._values.value(given) if isinstance(given, PipelineParameter) else given

    def _resolved(self, given: Any) -> Any:
        """Return an argument or data with the values of its parameters, and what stands for outputs of steps."""
        if isinstance(given, PipelineParameter):
            value = self._values.value(given)
            return value.create_data_reference(given.name) if isinstance(value, DataPath) else value
        if isinstance(given, (tuple, list)) and len(given) == 2 and isinstance(given[1], DataPathComputeBinding):
            return self._path(*given)
        if isinstance(given, InputPortBinding) and not isinstance(given.bind_object, PipelineData):
            return self._resolved(given.bind_object)
        if isinstance(given, PortDataReference):
            return DataReference(given.datastore, given.data_reference_name, given.path_on_datastore)
        if type(given) is DatasetConsumptionConfig and isinstance(given.dataset, PipelineParameter):
            dataset = self._values.value(given.dataset)
            return DatasetConsumptionConfig(given.name, dataset, given.mode, given.path_on_compute)
        return self._output(given)

    def _output(self, given: Any) -> Any:
        """Return what stands for an output of this step or of another; anything else as it is."""
        if isinstance(given, InputPortBinding):
            return self._edge(edge_of(given.bind_object, given.name, given))
        if isinstance(given, (PipelineData, PipelineOutputAbstractDataset)):
            if self._makes(given.identity):
                return ProducedOutput(given if isinstance(given, PipelineData) else given.pipeline_data)
            return self._edge(edge_of(given) if isinstance(given, PipelineData) else given.edge())
        if isinstance(given, OutputFileDatasetConfig) and not self._makes(given.identity):
            return self._consumed(given.as_input())
        return self._consumed(given) if isinstance(given, ConsumedOutput) else given

    def _path(self, given: Any, how: DataPathComputeBinding) -> Any:
        path = self.value(given)
        if not isinstance(path, DataPath):
            raise UserErrorException(
                f"step {self._step.name!r}: DataPathComputeBinding stands beside {shown(given)}, whose value is "
                f"{shown(path)}; give a DataPath, or a PipelineParameter of one"
            )
        name = given.name if isinstance(given, PipelineParameter) else None
        return path.create_data_reference(name, how)

    def _consumed(self, given: ConsumedOutput) -> Any:
        output = given.output
        if output.identity.producer is None:  # no step makes it: what an earlier run has made
            return given
        return self._edge(
            EdgeInput(
                given.name,
                output.identity,
                output.name,
                given.mode,
                given.path_on_compute,
                definition=output.dataset_at,
                is_dataset=True,
            )
        )

    def _edge(self, edge: EdgeInput) -> EdgeInput:
        self.edges[edge.name] = edge
        return edge

    def _makes(self, identity: OutputIdentity) -> bool:
        return any(identity is one for one in self._step.made)


class PipelineStep(ABC):
    """One step of a pipeline (Azure ML's name): a run of its own, once the pipeline is submitted.

    `inputs` and `outputs` are data; what stands among the arguments alone is taken in, too. A subclass says what is
    run.
    """

    step_type: ClassVar[str]
    """Azure ML's name for its kind."""

    def __init__(  # noqa: PLR0913  # a step has so many sides
        self,
        name: str,
        *,
        arguments: Iterable[Any] | None = None,
        inputs: Iterable[Any] | None = None,
        outputs: Iterable[Any] | None = None,
        params: Mapping[str, Any] | None = None,
        compute_target: object = None,
        allow_reuse: bool = True,
    ) -> None:
        if isinstance(arguments, str):
            raise UserErrorException(
                f"step {name!r}: arguments={shown(arguments)} is one text; give a list, as in {arguments.split()}"
            )
        self.name = name
        self.arguments = list(arguments or ())
        self.inputs = list(inputs or ())
        self.outputs = list(outputs or ())
        self.params = dict(params or {})
        self.compute_target = compute_target
        self.allow_reuse = allow_reuse
        self.after: list[PipelineStep] = []
        """The steps that `run_after` named."""
        self.made = [*map(_identity, self.outputs), *self._made_by_arguments()]
        """Which outputs it makes."""
        for identity in self.made:
            identity.producer = self

    def run_after(self, step: PipelineStep) -> None:
        """Let this step begin when another one has completed, though it reads nothing of that one's."""
        if not isinstance(step, PipelineStep):
            raise UserErrorException(f"step {self.name!r}: run_after takes a step, got {shown(step)}")
        self.after.append(step)

    @abstractmethod
    def config(self, parts: StepParts, source_directory: str | None) -> RunConfig:
        """Return what is to be run; `source_directory` is the pipeline's, for a step without its own."""

    def sources(self) -> list[PipelineStep]:
        """Return the steps whose outputs it reads."""
        given = [identity.producer for identity in self._read()]
        return [step for step in given if step is not None and step is not self]

    def unmade(self) -> list[str]:
        """Return the names of what it reads and no step makes."""
        return [
            one.name
            for one in (*self.inputs, *self.arguments)
            if isinstance(one, (PipelineData, PipelineOutputAbstractDataset)) and one.identity.producer is None
        ]

    def _read(self) -> list[OutputIdentity]:
        found = []
        for one in (*self.inputs, *self.arguments):
            source = one.bind_object if isinstance(one, InputPortBinding) else one
            if isinstance(source, ConsumedOutput):
                source = source.output
            if isinstance(source, (PipelineData, PipelineOutputAbstractDataset, OutputFileDatasetConfig)):
                found.append(source.identity)
        return found

    def _made_by_arguments(self) -> list[OutputIdentity]:
        """Return the outputs that stand among the arguments alone: of an OutputFileDatasetConfig that is enough."""
        read = [one.identity for one in self.inputs if isinstance(one, OutputFileDatasetConfig)]
        return [
            one.identity
            for one in self.arguments
            if isinstance(one, OutputFileDatasetConfig) and one.identity not in read
        ]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def _identity(output: Any) -> OutputIdentity:
    if isinstance(output, (PipelineData, PipelineOutputAbstractDataset, OutputFileDatasetConfig)):
        return output.identity
    raise UserErrorException(f"{shown(output)} is no output of a step; give PipelineData or OutputFileDatasetConfig")
