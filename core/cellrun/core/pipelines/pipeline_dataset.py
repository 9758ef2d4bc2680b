"""What a step makes, as a dataset for the steps that follow."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cellrun.core.data.files.definition import FILE, TABULAR, below
from cellrun.core.data.tables.headers import PromoteHeadersBehavior
from cellrun.core.pipelines.edge import EdgeInput
from cellrun.core.run_data import InputMode, Registration

if TYPE_CHECKING:
    from typing_extensions import Self

    from cellrun.core.data.in_run.output import OutputIdentity
    from cellrun.core.data.tables.data_type import DataType
    from cellrun.core.pipelines.pipeline_data import PipelineData


class PipelineOutputAbstractDataset:
    """What a step makes, as a dataset. It never changes: each verb returns another one, of the same output."""

    def __init__(self, pipeline_data: PipelineData) -> None:
        self.pipeline_data = pipeline_data
        self.input_name: str | None = None

    @property
    def name(self) -> str:
        """The output's name."""
        return self.pipeline_data.name

    @property
    def identity(self) -> OutputIdentity:
        """Which output it is."""
        return self.pipeline_data.identity

    def as_named_input(self, name: str) -> Self:
        """Return it as an input of a name: the step finds it in `run.input_datasets[name]`."""
        return self._with(input_name=name)

    def register(self, name: str, create_new_version: bool = True) -> Self:  # noqa: ARG002, FBT001, FBT002  # Azure ML's signature
        """Let it be registered as a new version of a dataset once its step has completed."""
        kind = {key: value for key, value in self.definition("", "").items() if key in {"kind", "read"}}
        self.pipeline_data.registration = Registration(name, dataset={"read": {}, **kind})
        return self

    def definition(self, store: str, path: str) -> dict[str, Any]:
        """Return its definition, where it is kept."""
        return {"kind": FILE, "paths": [{"datastore": store, "path": path}]}

    def edge(self) -> EdgeInput:
        """Return it as an input of a step."""
        return EdgeInput(
            self.input_name or self.pipeline_data.name,
            self.pipeline_data.identity,
            self.pipeline_data.output_name,
            *self._how(),
            definition=self.definition,
            is_dataset=True,
        )

    def _how(self) -> tuple[InputMode, str | None]:
        return "direct", None

    def _with(self, **changes: Any) -> Self:
        changed = copy.copy(self)
        vars(changed).update(changes)
        return changed

    def __deepcopy__(self, memo: object) -> Self:
        """Return itself, as the output is."""
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.pipeline_data.name!r})"


class PipelineOutputFileDataset(PipelineOutputAbstractDataset):
    """What a step makes, as files (Azure ML's name): `PipelineData.as_dataset()` returns it."""

    def __init__(self, pipeline_data: PipelineData) -> None:
        super().__init__(pipeline_data)
        self._mode: InputMode = "mount"
        self._path_on_compute: str | None = None

    def as_direct(self) -> Self:
        """Let the step get the dataset itself, no path."""
        return self._with(_mode="direct")

    def as_mount(self, path_on_compute: str | None = None) -> Self:
        """Let the step get a path, read in place where the store allows that."""
        return self._with(_mode="mount", _path_on_compute=path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> Self:
        """Let the step get a path to copies."""
        return self._with(_mode="download", _path_on_compute=path_on_compute)

    def parse_delimited_files(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        include_path: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        separator: str = ",",
        header: bool | PromoteHeadersBehavior = PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS,  # noqa: FBT001  # as above
        partition_format: str | None = None,
        file_extension: str = "",
        set_column_types: Mapping[str, DataType] | None = None,
        quoted_line_breaks: bool = False,  # noqa: ARG002, FBT001, FBT002  # as above
    ) -> PipelineOutputTabularDataset:
        """Return it as a table of text files, as `Dataset.Tabular.from_delimited_files`."""
        from cellrun.core.data.datasets.tabular_dataset_factory import delimited, with_columns_of_paths  # noqa: PLC0415  # for tables alone

        read = with_columns_of_paths(
            delimited(separator, header),
            include_path=include_path,
            types=set_column_types,
            partition_format=partition_format,
        )
        return PipelineOutputTabularDataset(self.pipeline_data, read, _glob(file_extension))

    def parse_parquet_files(
        self,
        include_path: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        partition_format: str | None = None,
        file_extension: str = "",
        set_column_types: Mapping[str, DataType] | None = None,
    ) -> PipelineOutputTabularDataset:
        """Return it as a table of Parquet files, as `Dataset.Tabular.from_parquet_files`."""
        from cellrun.core.data.datasets.tabular_dataset_factory import PARQUET, with_columns_of_paths  # noqa: PLC0415  # as above

        read = with_columns_of_paths(
            PARQUET, include_path=include_path, types=set_column_types, partition_format=partition_format
        )
        return PipelineOutputTabularDataset(self.pipeline_data, read, _glob(file_extension))

    def _how(self) -> tuple[InputMode, str | None]:
        return self._mode, self._path_on_compute


class PipelineOutputTabularDataset(PipelineOutputAbstractDataset):
    """What a step makes, as a table (Azure ML's name)."""

    def __init__(self, pipeline_data: PipelineData, read: Mapping[str, Any], path_glob: str | None) -> None:
        super().__init__(pipeline_data)
        self._read = dict(read)
        self._glob = path_glob
        self._steps: tuple[list[Any], ...] = ()

    def keep_columns(self, columns: str | Sequence[str]) -> Self:
        """Return it with some columns alone."""
        return self._then("keep_columns", columns)

    def drop_columns(self, columns: str | Sequence[str]) -> Self:
        """Return it without some columns."""
        return self._then("drop_columns", columns)

    def definition(self, store: str, path: str) -> dict[str, Any]:
        """Return its definition, where it is kept."""
        paths = [{"datastore": store, "path": below(path, self._glob)}]
        return {"kind": TABULAR, "paths": paths, "read": self._read, "steps": [list(step) for step in self._steps]}

    def _then(self, step: str, columns: str | Sequence[str]) -> Self:
        names = [columns] if isinstance(columns, str) else list(columns)
        return self._with(_steps=(*self._steps, [step, names]))


def _glob(file_extension: str) -> str | None:
    return f"**/*{file_extension}" if file_extension else None
