"""What one step makes for others: a folder in a datastore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from cellrun.core.data.in_run.output import OutputIdentity
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.identity import REFERENCE
from cellrun.core.pipelines.edge import EdgeInput
from cellrun.core.run_data import DataPlaceholder, InputMode, Registration, RunOutput, data_name

if TYPE_CHECKING:
    from cellrun.core.data.stores.datastore import Datastore
    from cellrun.core.pipelines.pipeline_dataset import PipelineOutputFileDataset

OUTPUT_PATH = "azureml/{run-id}/{output-name}"
"""Where a step's output is kept, in its datastore, as with Azure ML."""
OutputBinding = Literal["mount", "upload"]


class PipelineData:
    """A folder that one step fills and others read (Azure ML's name).

    It stands among the `outputs` of one step, and among `inputs` or arguments of others; as an argument it is a path.
    The step finds an empty folder there; what it writes is kept in `datastore`, else in the pipeline's default one.

    output_mode: "mount": the step writes into the store itself where that is a folder here; "upload": what it wrote is
        brought there at its end.
    output_path_on_compute: the folder that the step fills; left out, it gets a path.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        name: str,
        datastore: Datastore | None = None,
        output_name: str | None = None,
        output_mode: OutputBinding = "mount",
        output_path_on_compute: str | None = None,
        output_overwrite: bool | None = None,  # noqa: FBT001  # Azure ML's signature
        data_type: str | None = None,
        is_directory: bool | None = None,  # noqa: FBT001  # as above
        pipeline_output_name: str | None = None,
        training_output: Any = None,
    ) -> None:
        self.name = data_name(name)
        self.datastore = datastore
        self.output_name = data_name(output_name or name)
        if output_mode not in get_args(OutputBinding):
            raise UserErrorException(f"output_mode={shown(output_mode)} of {name!r}: give 'mount' or 'upload'")
        self.output_mode: OutputBinding = output_mode
        self.output_path_on_compute = output_path_on_compute
        self.output_overwrite = bool(output_overwrite)
        self.data_type = data_type
        self.is_directory = is_directory
        self.pipeline_output_name = pipeline_output_name
        self.training_output = training_output
        self.identity = OutputIdentity()
        self.registration: Registration | None = None

    def as_input(self, input_name: str | None = None) -> InputPortBinding:
        """Return it as an input of another name."""
        return InputPortBinding(input_name or self.name, self)

    def as_mount(self, input_name: str | None = None) -> InputPortBinding:
        """Return it as an input that is read in place where the store allows that."""
        return InputPortBinding(input_name or self.name, self)

    def as_download(
        self,
        input_name: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool | None = None,  # noqa: FBT001  # Azure ML's signature
    ) -> InputPortBinding:
        """Return it as an input that is copied before the step starts."""
        return InputPortBinding(input_name or self.name, self, "download", path_on_compute, overwrite)

    def create_input_binding(
        self,
        input_name: str | None = None,
        mode: InputMode | None = None,
        path_on_compute: str | None = None,
        overwrite: bool | None = None,  # noqa: FBT001  # Azure ML's signature
    ) -> InputPortBinding:
        """Return it as an input."""
        return InputPortBinding(input_name or self.name, self, mode or "mount", path_on_compute, overwrite)

    def as_dataset(self) -> PipelineOutputFileDataset:
        """Return it as a dataset: registered, or read as a table by the steps that follow."""
        from cellrun.core.pipelines.pipeline_dataset import PipelineOutputFileDataset  # noqa: PLC0415  # it needs this one

        return PipelineOutputFileDataset(self)

    def get_env_variable_name(self) -> str:
        """Return the variable that has its path in the step."""
        return f"{REFERENCE}{self.name}"

    def output(self) -> RunOutput:
        """Return it as the step wants it that makes it."""
        return RunOutput(
            self.output_name,
            self.datastore.name if self.datastore is not None else "",
            OUTPUT_PATH,
            self.output_mode,
            overwrite=self.output_overwrite,
            source=self.output_path_on_compute,
            register=self.registration,
        )

    def __deepcopy__(self, memo: object) -> PipelineData:
        """Return itself: it is one output wherever it stands."""
        return self

    def __str__(self) -> str:
        return f"${self.get_env_variable_name()}"

    def __repr__(self) -> str:
        return f"PipelineData({self.name!r})"


class InputPortBinding:
    """What a step makes, as an input of another (Azure ML's name): by which name, and how it comes there."""

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        name: str,
        bind_object: Any = None,
        bind_mode: InputMode = "mount",
        path_on_compute: str | None = None,
        overwrite: bool | None = None,  # noqa: FBT001  # Azure ML's signature
        is_resource: bool = False,  # noqa: FBT001, FBT002  # as above
        additional_transformations: object = None,
        **kwargs: object,
    ) -> None:
        self.name = data_name(name)
        self.bind_object = bind_object
        self.bind_mode: InputMode = bind_mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite
        self.is_resource = is_resource
        self.additional_transformations = additional_transformations
        self._more = kwargs

    @property
    def data_reference_name(self) -> str:
        """Its name."""
        return self.name

    def __deepcopy__(self, memo: object) -> InputPortBinding:
        """Return itself, as what it binds."""
        return self

    def __str__(self) -> str:
        return f"${REFERENCE}{self.name}"

    def __repr__(self) -> str:
        return f"InputPortBinding({self.name!r}, {self.bind_object!r}, {self.bind_mode!r})"


class OutputPortBinding(PipelineData):
    """What a step makes, by Azure ML's other name for it: `bind_mode`, `path_on_compute` as PipelineData's."""

    def __init__(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        name: str,
        datastore: Datastore | None = None,
        output_name: str | None = None,
        bind_mode: OutputBinding = "mount",
        path_on_compute: str | None = None,
        is_directory: bool | None = None,  # noqa: FBT001  # Azure ML's signature
        overwrite: bool | None = None,  # noqa: FBT001  # as above
        data_type: str | None = None,
        pipeline_output_name: str | None = None,
        training_output: Any = None,
        **_: object,
    ) -> None:
        super().__init__(
            name,
            datastore,
            output_name,
            bind_mode,
            path_on_compute,
            overwrite,
            data_type,
            is_directory,
            pipeline_output_name,
            training_output,
        )


class TrainingOutput:
    """What of a sweep or a training another step reads (Azure ML's name): `type` is "Model" or "Metrics"."""

    def __init__(
        self,
        type: str,  # noqa: A002  # Azure ML's name
        iteration: int | None = None,
        metric: str | None = None,
        model_file: str | None = None,  # Azure ML's name
    ) -> None:
        self.type = type
        self.iteration = iteration
        self.metric = metric
        self.model_file = model_file


class ProducedOutput:
    """A PipelineData as an output of the step that is being made ready."""

    def __init__(self, data: PipelineData) -> None:
        self._data = data

    def run_data(self) -> RunOutput:
        """Return it as the run wants it."""
        return self._data.output()

    def argument(self) -> DataPlaceholder:
        """Return what stands in the arguments for it."""
        return DataPlaceholder(self._data.output_name)


def edge_of(data: PipelineData, name: str | None = None, binding: InputPortBinding | None = None) -> EdgeInput:
    """Return a PipelineData as an input of a step."""
    return EdgeInput(
        name or data.name,
        data.identity,
        data.output_name,
        binding.bind_mode if binding else "mount",
        binding.path_on_compute if binding else None,
    )
