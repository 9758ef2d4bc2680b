"""The verbs that `Dataset` had in Azure ML's first versions: those that mean something make the datasets of today."""

from __future__ import annotations

from enum import IntEnum
from pathlib import PurePosixPath
from typing import Any

from cellrun.core.data.datasets.file_dataset import FileDataset
from cellrun.core.data.datasets.file_dataset_factory import FileDatasetFactory
from cellrun.core.data.datasets.tabular_dataset import TabularDataset
from cellrun.core.data.datasets.tabular_dataset_factory import TabularDatasetFactory
from cellrun.core.data.files.dataset_paths import given_paths
from cellrun.core.data.tables.encodings import FileEncoding
from cellrun.core.data.tables.headers import PromoteHeadersBehavior, SkipLinesBehavior
from cellrun.core.errors import NotSupportedError
from cellrun.core.unsupported import refused

_NO_OBJECT = "is of Azure ML's first datasets, which had definitions and snapshots in its service"
_TODAY = "Dataset.File.from_files and Dataset.Tabular.from_delimited_files make datasets, register(ws, name) names one"
_READER = "reads what cellrun doesn't"
_FRAME = "read it with pandas, and keep the frame by Dataset.Tabular.register_pandas_dataframe"


class HistogramCompareMethod(IntEnum):
    """How profiles of Azure ML's first datasets were compared (Azure ML's name)."""

    WASSERSTEIN = 0
    ENERGY = 1


class FirstVerbs:
    """The part of `Dataset` that Azure ML has deprecated since its first versions."""

    def __init__(self, *_given: Any, **_named: Any) -> None:
        raise NotSupportedError("Dataset(...)", _NO_OBJECT, _TODAY)

    @staticmethod
    def auto_read_files(path: Any, include_path: bool = False, partition_format: str | None = None) -> TabularDataset:  # noqa: FBT001, FBT002  # Azure ML's signature
        """Return a table of files, read by the endings of their names: .parquet, .json, .jsonl, else delimited text."""
        endings = {PurePosixPath([*each.values()][-1]).suffix.lower() for each in given_paths(path)[0]}
        options: dict[str, Any] = {"include_path": include_path, "partition_format": partition_format}
        if endings == {".parquet"}:
            return TabularDatasetFactory.from_parquet_files(path, **options)
        if endings and endings <= {".json", ".jsonl"}:
            return TabularDatasetFactory.from_json_lines_files(path, **options)
        return TabularDatasetFactory.from_delimited_files(
            path, separator="\t" if endings == {".tsv"} else ",", **options
        )

    @staticmethod
    def from_binary_files(path: Any) -> FileDataset:
        """Return `Dataset.File.from_files(path)`."""
        return FileDatasetFactory.from_files(path)

    @staticmethod
    def from_delimited_files(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        path: Any,
        separator: str = ",",
        header: PromoteHeadersBehavior = PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS,
        encoding: FileEncoding | str = FileEncoding.UTF8,
        quoting: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        infer_column_types: bool = True,  # noqa: FBT001, FBT002  # as above
        skip_rows: int = 0,
        skip_mode: SkipLinesBehavior = SkipLinesBehavior.NO_ROWS,
        comment: str | None = None,
        include_path: bool = False,  # noqa: FBT001, FBT002  # as above
        archive_options: Any = None,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """Return `Dataset.Tabular.from_delimited_files(path, …)`. `quoting`: values in quotes may have line breaks.

        Raises NotSupportedError for lines to be skipped, comments and archives.
        """
        del skip_mode  # of the lines that are skipped
        _refuse("from_delimited_files", skip_rows=skip_rows or None, comment=comment, archive_options=archive_options)
        return TabularDatasetFactory.from_delimited_files(
            path,
            separator=separator,
            header=header,
            encoding=encoding,
            support_multi_line=quoting,
            infer_column_types=infer_column_types,
            include_path=include_path,
            partition_format=partition_format,
        )

    @staticmethod
    def from_parquet_files(
        path: Any,
        include_path: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        partition_format: str | None = None,
    ) -> TabularDataset:
        """Return `Dataset.Tabular.from_parquet_files(path, …)`."""
        return TabularDatasetFactory.from_parquet_files(
            path, include_path=include_path, partition_format=partition_format
        )

    @staticmethod
    def from_json_files(
        path: Any,
        encoding: FileEncoding | str = FileEncoding.UTF8,
        flatten_nested_arrays: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        include_path: bool = False,  # noqa: FBT001, FBT002  # as above
        partition_format: str | None = None,
    ) -> TabularDataset:
        """Return `Dataset.Tabular.from_json_lines_files(path, …)`: one object a line."""
        _refuse("from_json_files", flatten_nested_arrays=flatten_nested_arrays or None)
        return TabularDatasetFactory.from_json_lines_files(
            path, include_path=include_path, partition_format=partition_format, encoding=encoding
        )

    from_excel_files = staticmethod(refused("Dataset.from_excel_files", _READER, _FRAME))
    from_sql_query = staticmethod(refused("Dataset.from_sql_query", _READER, _FRAME))
    from_pandas_dataframe = staticmethod(
        refused(
            "Dataset.from_pandas_dataframe",
            "keeps a frame in memory under no name",
            "Dataset.Tabular.register_pandas_dataframe(frame, (datastore, 'path'), name)",
        )
    )


for _name in (
    *("archive", "compare_profiles", "create_snapshot", "delete_snapshot", "deprecate", "diff", "generate_profile"),
    *("get_all_snapshots", "get_definition", "get_definitions", "get_profile", "get_snapshot", "reactivate"),
    *("head", "register", "sample", "to_pandas_dataframe", "to_spark_dataframe", "update", "update_definition"),
):
    setattr(FirstVerbs, _name, refused(f"Dataset.{_name}", _NO_OBJECT, _TODAY))


def _refuse(verb: str, **given: Any) -> None:
    if asked := [name for name, value in given.items() if value is not None]:
        raise NotSupportedError(f"{asked[0]}= of Dataset.{verb}", _READER, _FRAME)
