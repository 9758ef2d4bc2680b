"""A folder that a run fills, kept in a datastore and registered as a dataset."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cellrun.core import names
from cellrun.core.data.datasets.consumption import DatasetConsumptionConfig
from cellrun.core.data.files.definition import FILE, TABULAR, DatasetDefinition, below, climbs_out
from cellrun.core.data.files.partition_format import PartitionFormat
from cellrun.core.data.tables.headers import PromoteHeadersBehavior
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.run_data import DataPlaceholder, OutputMode, Registration, RunOutput, data_name

if TYPE_CHECKING:
    from cellrun.core.data.datasets.file_dataset import FileDataset
    from cellrun.core.data.datasets.tabular_dataset import TabularDataset
    from cellrun.core.data.stores.datastore import Datastore
    from cellrun.core.data.tables.data_type import DataType

DEFAULT_PATH = "dataset/{run-id}/{output-name}"


class OutputIdentity:
    """Which output it is: the same for all that was derived from one config (`as_upload`, `read_delimited_files`)."""

    def __init__(self) -> None:
        self.producer: Any = None
        """The step of a pipeline that makes it, if one does."""


class OutputFileDatasetConfig:
    """A folder that a run fills (Azure ML's name): what stands among the arguments of a config.

    name: how the run finds it, as a variable of its environment; made up if left out.
    destination: (datastore, path): where its content is kept; `{run-id}` and `{output-name}` in the path stand for
        those. Left out, it is `dataset/{run-id}/{output-name}` in the workspace's default store.
    source: the folder that the script fills; left out, the script gets a path.
    partition_format: columns that its files' paths tell, in the dataset as which it is registered.
    """

    def __init__(
        self,
        name: str | None = None,
        destination: tuple[Datastore, str] | Datastore | None = None,
        source: str | None = None,
        partition_format: str | None = None,
    ) -> None:
        self.name = data_name(f"output_{uuid.uuid4().hex[:8]}" if name is None else name)
        self.destination = destination
        self.source = source
        self.partition_format = partition_format if partition_format is None else PartitionFormat(partition_format).text
        self.mode: OutputMode = "mount"
        self._overwrite = False
        self._globs: tuple[str, ...] = ()
        self._registration: Registration | None = None
        self._table: Mapping[str, Any] | None = None
        """How it is read if it is a table."""
        self._table_glob: str | None = None
        self.identity = OutputIdentity()
        self._place()  # a mistake in it is said at once

    def as_mount(self, disable_metadata_cache: bool = False) -> OutputFileDatasetConfig:  # noqa: ARG002, FBT001, FBT002  # Azure ML's signature
        """Let the script write into the store itself where that is a folder here, else as `as_upload`."""
        return self._with(mode="mount")

    def as_upload(self, overwrite: bool = False, source_globs: Iterable[str] | None = None) -> OutputFileDatasetConfig:  # noqa: FBT001, FBT002  # Azure ML's signature
        """Let what the script wrote be brought into the store at the run's end; `source_globs` say which files."""
        globs = (source_globs,) if isinstance(source_globs, str) else tuple(source_globs or ())
        return self._with(mode="upload", _overwrite=overwrite, _globs=globs)

    def read_delimited_files(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        include_path: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        separator: str = ",",
        header: bool | PromoteHeadersBehavior = PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS,  # noqa: FBT001  # as above
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Mapping[str, DataType] | None = None,
    ) -> OutputFileDatasetConfig:
        """Let it be a table of text files, as `Dataset.Tabular.from_delimited_files`.

        `path_glob` says which files these are, below its folder, all without it.
        """
        from cellrun.core.data.datasets.tabular_dataset_factory import delimited  # noqa: PLC0415  # for tables alone

        return self._as_table(delimited(separator, header), include_path, partition_format, path_glob, set_column_types)

    def read_parquet_files(
        self,
        include_path: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Mapping[str, DataType] | None = None,
    ) -> OutputFileDatasetConfig:
        """Let it be a table of Parquet files, as `Dataset.Tabular.from_parquet_files`; else as above."""
        from cellrun.core.data.datasets.tabular_dataset_factory import PARQUET  # noqa: PLC0415  # for tables alone

        return self._as_table(PARQUET, include_path, partition_format, path_glob, set_column_types)

    def as_input(self, name: str | None = None) -> ConsumedOutput:
        """Return what it holds as an input of a later run: its folder, or a table as it is.

        A step of a pipeline finds there what the step before has made. Elsewhere it has to have a place of its own: a
        submission raises UserErrorException if that depends on the run.
        """
        return ConsumedOutput(data_name(name or self.name), self)

    def register_on_complete(
        self, name: str, description: str | None = None, tags: Mapping[str, str] | None = None
    ) -> OutputFileDatasetConfig:
        """Let its content be registered as a new version of a dataset once the run has completed."""
        names.dataset_name(name)
        return self._with(_registration=Registration(name, description, dict(tags or {})))

    def run_data(self) -> RunOutput:
        """Return it as a run wants it."""
        store, path = self._place()
        return RunOutput(
            name=self.name,
            datastore=store.name if store else "",
            path=path,
            mode=self.mode,
            overwrite=self._overwrite,
            source=None if self.source is None else str(self.source),
            source_globs=self._globs,
            register=self._registration
            and replace(self._registration, dataset=self._dataset(), path_glob=self._table_glob),
        )

    def __deepcopy__(self, memo: object) -> OutputFileDatasetConfig:
        """Return a copy for a config: what it is about stays the same."""
        return copy.copy(self)

    def argument(self) -> DataPlaceholder:
        """Return what stands in the arguments for it."""
        return DataPlaceholder(self.name)

    @property
    def arg_val(self) -> str:
        """What a record has in its place."""
        return str(self.argument())

    @property
    def is_table(self) -> bool:
        """Whether it is read as a table."""
        return self._table is not None

    def dataset_at(self, store: str, path: str) -> dict[str, Any]:
        """Return the definition of what it holds, where that is kept, as JSON has it."""
        inside = below(path.strip("/"), self._table_glob) if self.is_table else path.strip("/")
        return {**self._dataset(), "paths": [{"datastore": store, "path": inside}]}

    def own_dataset(self) -> FileDataset | TabularDataset:
        """Return what it holds, if it has a place of its own. Raises UserErrorException if that depends on its run."""
        from cellrun.core.data.datasets.file_dataset import FileDataset  # noqa: PLC0415  # an output alone needs no dataset
        from cellrun.core.data.datasets.tabular_dataset import TabularDataset  # noqa: PLC0415  # as above

        store, path = self._place()
        if store is None or "{run-id}" in path:
            raise UserErrorException(
                f"where the output {self.name!r} is kept depends on its run: give it a place of its own by "
                "destination=(datastore, 'path'), or register_on_complete and Dataset.get_by_name"
            )
        place = path.replace("{output-name}", self.name)
        definition = DatasetDefinition.from_json(self.dataset_at(store.name, place))
        return (TabularDataset if self.is_table else FileDataset)(definition, store.workspace)

    def _place(self) -> tuple[Datastore | None, str]:
        given = self.destination
        store, path = given if isinstance(given, (tuple, list)) and len(given) == 2 else (given, None)
        is_store = store is None or hasattr(store, "datastore_type")
        if not is_store or not (path is None or isinstance(path, (str, PurePosixPath))):
            raise UserErrorException(
                f"destination={shown(given)} of the output {self.name!r}: give (datastore, 'path/in/it')"
            )
        return store, DEFAULT_PATH if path is None else str(path)

    def _as_table(
        self,
        read: Mapping[str, Any],
        include_path: bool,  # noqa: FBT001  # as it was given
        partition_format: str | None,
        path_glob: str | None,
        types: Mapping[str, DataType] | None,
    ) -> OutputFileDatasetConfig:
        from cellrun.core.data.datasets.tabular_dataset_factory import with_columns_of_paths  # noqa: PLC0415  # for tables alone

        if path_glob is not None and (not isinstance(path_glob, str) or not path_glob or climbs_out(path_glob)):
            raise UserErrorException(
                f"path_glob={shown(path_glob)} of the output {self.name!r}: give a pattern below its folder, as "
                "'*.csv' or '**/*.csv'"
            )
        form = self.partition_format if partition_format is None else partition_format
        table = with_columns_of_paths(read, include_path=include_path, types=types, partition_format=form)
        return self._with(_table=table, _table_glob=path_glob)

    def _dataset(self) -> dict[str, Any]:
        """Return as what it is registered, but for where it is, as a definition's JSON has it."""
        if self._table is not None:
            return {"kind": TABULAR, "read": dict(self._table)}
        form = self.partition_format
        return {"kind": FILE, "read": {} if form is None else {"partition_format": form}}

    def _with(self, **changes: Any) -> OutputFileDatasetConfig:
        changed = copy.copy(self)
        vars(changed).update(changes)
        return changed

    def __repr__(self) -> str:
        store, path = self._place()
        place = (store.name if store else "the default store", path)
        return f"OutputFileDatasetConfig({self.name!r}, {place!r}, {self.mode!r})"


class ConsumedOutput(DatasetConsumptionConfig):
    """What one run makes, as an input of another."""

    def __init__(self, name: str, output: OutputFileDatasetConfig) -> None:
        self.output = output
        self.name = name
        self.mode = "direct" if output.is_table else "mount"
        self.path_on_compute = None

    @property
    def dataset(self) -> FileDataset | TabularDataset:  # type: ignore[override]  # known later than of other datasets
        """The dataset. Raises UserErrorException while nobody can know where it is kept."""
        return self.output.own_dataset()

    @property
    def _is_tabular(self) -> bool:
        return self.output.is_table

    def __repr__(self) -> str:
        return f"ConsumedOutput({self.name!r}, {self.output!r}, {self.mode!r})"
