"""`Dataset.Tabular`: datasets of rows and columns."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cellrun.core.data.datasets.tabular_dataset import TabularDataset
from cellrun.core.data.files.dataset_paths import given_paths, store_and_path
from cellrun.core.data.files.definition import TABULAR, DatasetDefinition
from cellrun.core.data.files.partition_format import PartitionFormat
from cellrun.core.data.tables.arrow import need_arrow
from cellrun.core.data.tables.data_type import DataType, types_json
from cellrun.core.data.tables.encodings import encoding_name
from cellrun.core.data.tables.headers import PromoteHeadersBehavior
from cellrun.core.errors import DatasetError, UserErrorException, shown
from cellrun.core.names import dataset_name

if TYPE_CHECKING:
    import pandas as pd

    from cellrun.core.data.tables.data_type import DataType
    from cellrun.core.data.tables.encodings import FileEncoding

PARQUET = {"format": "parquet"}


class TabularDatasetFactory:
    """Makes tabular datasets. Paths are as `Dataset.File.from_files` takes them.

    `validate` reads the first rows, and raises DatasetError for what can't be read; else nothing is read before it is
    needed. `include_path` adds a column `Path`, `partition_format` such as `{shop}/{day:yyyy/MM/dd}/*.csv` columns that
    a path tells, and `set_column_types` gives columns a DataType.
    """

    @staticmethod
    def from_delimited_files(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        path: Any,
        validate: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        include_path: bool = False,  # noqa: FBT001, FBT002  # as above
        infer_column_types: bool = True,  # noqa: FBT001, FBT002  # as above
        set_column_types: Mapping[str, DataType] | None = None,
        separator: str = ",",
        header: bool | PromoteHeadersBehavior = True,  # noqa: FBT001, FBT002  # as above
        partition_format: str | None = None,
        support_multi_line: bool = False,  # noqa: FBT001, FBT002  # as above
        empty_as_string: bool = False,  # noqa: FBT001, FBT002  # as above
        encoding: str | FileEncoding = "utf8",
    ) -> TabularDataset:
        """Return a dataset of text files of fields between separators (CSV, TSV), also gzipped.

        Types are told by the first rows (whole numbers, decimals, true and false, ISO times, else texts), and a column
        is wider where a later value asks it; empty fields are missing. `support_multi_line`: values in quotes may have
        line breaks. `empty_as_string`: empty fields are empty texts.
        """
        read = {
            **delimited(separator, header),
            "encoding": encoding_name(encoding),
            "infer": bool(infer_column_types),
            "multi_line": bool(support_multi_line),
            "empty_as_string": bool(empty_as_string),
        }
        return _made(path, read, validate, include_path, set_column_types, partition_format)

    @staticmethod
    def from_parquet_files(
        path: Any,
        validate: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        include_path: bool = False,  # noqa: FBT001, FBT002  # as above
        set_column_types: Mapping[str, DataType] | None = None,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """Return a dataset of Parquet files."""
        return _made(path, dict(PARQUET), validate, include_path, set_column_types, partition_format)

    @staticmethod
    def from_json_lines_files(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        path: Any,
        validate: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        include_path: bool = False,  # noqa: FBT001, FBT002  # as above
        set_column_types: Mapping[str, DataType] | None = None,
        partition_format: str | None = None,
        invalid_lines: str = "error",
        encoding: str | FileEncoding = "utf8",
    ) -> TabularDataset:
        """Return a dataset of files of one JSON object a line. `invalid_lines="drop"` leaves out what is none."""
        if invalid_lines not in {"error", "drop"}:
            raise DatasetError(f"invalid_lines is 'error' or 'drop'; got {shown(invalid_lines)}")
        read = {"format": "json_lines", "invalid_lines": invalid_lines, "encoding": encoding_name(encoding)}
        return _made(path, read, validate, include_path, set_column_types, partition_format)

    @staticmethod
    def from_sql_query(*args: Any, **kwargs: Any) -> TabularDataset:  # noqa: ARG004  # Azure ML's name
        """Refuse: no datastore is a database. Raises UserErrorException."""
        raise UserErrorException(
            "datasets of SQL queries aren't supported: read the query with pandas.read_sql, and keep the frame by "
            "Dataset.Tabular.register_pandas_dataframe(frame, (datastore, 'path'), name)"
        )

    @staticmethod
    def register_pandas_dataframe(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        dataframe: pd.DataFrame,
        target: Any,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        show_progress: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        row_group_size: int | None = None,
        make_target_path_unique: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> TabularDataset:
        """Write a frame of pandas, without its index, to `target` as Parquet; register it as a new version of a name.

        `target` is (datastore, 'path'), a datastore or a datastore's path. `make_target_path_unique` writes into a new
        folder there, else what is there is replaced. Raises DatasetError for a frame that Parquet can't hold.
        """
        dataset_name(name)  # before anything is written
        store, path = store_and_path(target, "target")
        need_arrow("register_pandas_dataframe()")
        from cellrun.core.data.tables import frames, table_writing  # noqa: PLC0415  # they load pyarrow

        table = frames.table_of(dataframe, "the frame")
        if make_target_path_unique:
            path = "/".join(filter(None, (path, str(uuid.uuid4()))))
        write = table_writing.as_parquet(row_group_size)
        table_writing.put_tables(
            store, path, {"part-00000.parquet": table}, write, overwrite=True, show_progress=show_progress
        )
        made = TabularDatasetFactory.from_parquet_files((store, f"{path}/*.parquet" if path else "*.parquet"))
        return made.register(store.workspace, name, description, tags, create_new_version=True)

    @staticmethod
    def register_spark_dataframe(*args: Any, **kwargs: Any) -> TabularDataset:  # noqa: ARG004  # Azure ML's name
        """Refuse: there is no Spark. Raises UserErrorException."""
        raise UserErrorException(
            "frames of Spark aren't supported: write Parquet files, and take Dataset.Tabular.from_parquet_files"
        )

    @staticmethod
    def register_dask_dataframe(*args: Any, **kwargs: Any) -> TabularDataset:  # noqa: ARG004  # Azure ML's name
        """Refuse: Dask isn't used. Raises UserErrorException."""
        raise UserErrorException(
            "frames of Dask aren't supported: frame.to_parquet(path) writes them, Dataset.Tabular.from_parquet_files "
            "takes that; or register_pandas_dataframe(frame.compute(), …)"
        )


def delimited(separator: object, header: object) -> dict[str, Any]:
    """Return how files of fields between separators are read, as a definition has it. Raises DatasetError."""
    if not isinstance(separator, str) or len(separator) != 1 or not separator.isascii() or separator in '"\r\n':
        raise DatasetError(f"a separator is one ASCII character; got {shown(separator)}")
    return {
        "format": "delimited",
        "separator": separator,
        "header": _header(header),
        "encoding": encoding_name("utf8"),
        "infer": True,
        "multi_line": False,
        "empty_as_string": False,
    }


def with_columns_of_paths(
    read: Mapping[str, Any],
    *,
    include_path: bool,
    types: Mapping[str, DataType] | None,
    partition_format: str | None,
) -> dict[str, Any]:
    """Return how files are read, with what is asked of every format. Raises DatasetError."""
    read = dict(read)
    if include_path:
        read["include_path"] = True
    if types:
        read["types"] = types_json(types)
    if partition_format is not None:
        read["partition_format"] = PartitionFormat(partition_format).text
    return read


def _made(  # noqa: PLR0913, PLR0917  # what the factories were given
    path: Any,
    read: dict[str, Any],
    is_checked: bool,  # noqa: FBT001  # as it was given
    include_path: bool,  # noqa: FBT001  # as above
    types: Mapping[str, DataType] | None,
    partition_format: str | None,
) -> TabularDataset:
    paths, workspace = given_paths(path)
    read = with_columns_of_paths(read, include_path=include_path, types=types, partition_format=partition_format)
    made = TabularDataset(DatasetDefinition(TABULAR, paths, read), workspace)
    if is_checked:
        made.first_rows()
    return made


def _header(given: object) -> int:
    if isinstance(given, bool):
        return int(PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS if given else PromoteHeadersBehavior.NO_HEADERS)
    try:
        return int(PromoteHeadersBehavior(given))  # type: ignore[arg-type]  # whatever it is: refused below
    except ValueError:
        raise DatasetError(f"header is True, False or a PromoteHeadersBehavior; got {shown(given)}") from None
