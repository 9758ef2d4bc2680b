"""A dataset of rows and columns: what text, Parquet or JSON files hold."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from cellrun.core.data.datasets.abstract_dataset import AbstractDataset
from cellrun.core.data.datasets.file_dataset import FileDataset
from cellrun.core.data.files.column_expression import ColumnExpression, column, condition_json
from cellrun.core.data.files.dataset_paths import store_and_path
from cellrun.core.data.files.definition import FILE, TABULAR, DatasetDefinition
from cellrun.core.data.stores.datastore import Datastore
from cellrun.core.data.tables.arrow import need_arrow
from cellrun.core.errors import DatasetError, DatasetTimestampMissingError, NotSupportedError, missing_package, shown
from cellrun.core.names import dataset_name

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from cellrun.core.data.tables.table_source import TableSource

_FRAME = "to_pandas_dataframe() gives a frame of pandas"
_PROFILE = ("is a run of Azure's service", "dataset.to_pandas_dataframe().describe() says much of it")
NOT_OFFERED = {
    "to_spark_dataframe": ("needs Spark", _FRAME),
    "to_dask_dataframe": ("needs Dask", _FRAME),
    "submit_profile_run": _PROFILE,
    "get_profile": _PROFILE,
    "get_profile_runs": _PROFILE,
    "download": ("takes files that a column names", "Dataset.File.from_files(path).download() takes the files"),
    "mount": ("takes files that a column names", "Dataset.File.from_files(path).mount() takes the files"),
}
"""Verbs of Azure ML's that are refused: why, and what there is instead."""


class TabularDataset(AbstractDataset):
    """Rows and columns of files: `Dataset.Tabular.from_delimited_files` and its like make one."""

    items = "rows"
    step_names = {  # noqa: RUF012  # of the base class, where it is a ClassVar
        **AbstractDataset.step_names,
        "keep_columns": "KeepColumns",
        "drop_columns": "DropColumns",
        "timestamp_columns": "SetTimestampColumns",
        "time": "FilterTime",
    }

    def to_pandas_dataframe(self, on_error: str = "null", out_of_range_datetime: str = "null") -> pd.DataFrame:
        """Read it all, as a frame of pandas.

        `on_error` says what becomes of values that aren't of the type that they were said to be,
        `out_of_range_datetime` of times that pandas has no nanoseconds for (before 1677, after 2262): "null" makes them
        missing, the former with a warning, "fail" ("error" for the latter) raises DatasetError.
        """
        _one_of("on_error", on_error, ("null", "fail"))
        _one_of("out_of_range_datetime", out_of_range_datetime, ("null", "error"))
        try:
            import pandas as pd  # noqa: F401, PLC0415  # Arrow makes the frame
        except ImportError as error:
            raise missing_package("to_pandas_dataframe()", "pandas", "tables") from error
        read, unfit = self._read()
        _tell_unfit(unfit, on_error)
        from cellrun.core.data.tables.frames import frame_of  # noqa: PLC0415  # it loads pyarrow

        return frame_of(read, is_range_checked=out_of_range_datetime == "error")

    def to_arrow_table(self) -> pa.Table:
        """Read it all, as a table of Arrow (cellrun's own verb)."""
        read, unfit = self._read()
        _tell_unfit(unfit, "null")
        return read

    def to_csv_files(self, separator: str = ",") -> FileDataset:
        """Write it to the workspace's default datastore as a text file, and return the dataset of that."""
        need_arrow("to_csv_files()")
        from cellrun.core.data.tables.table_writing import as_csv  # noqa: PLC0415  # it loads pyarrow

        return self._written("part-00000.csv", as_csv(separator))

    def to_parquet_files(self) -> FileDataset:
        """Write it to the workspace's default datastore as a Parquet file, and return the dataset of that."""
        need_arrow("to_parquet_files()")
        from cellrun.core.data.tables.table_writing import as_parquet  # noqa: PLC0415  # it loads pyarrow

        return self._written("part-00000.parquet", as_parquet())

    def partition_by(
        self,
        partition_keys: str | Sequence[str],
        target: Any,
        name: str | None = None,
        show_progress: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        partition_as_file_dataset: bool = False,  # noqa: FBT001, FBT002  # as above
    ) -> TabularDataset | FileDataset:
        """Write it to `target`, (datastore, 'path'), as Parquet files in folders by the values of columns.

        Returns the dataset of these files, whose paths tell those columns, registered if a `name` is given. Raises
        DatasetError for columns that aren't there, and for values that can't name a folder.
        """
        need_arrow("partition_by()")
        from cellrun.core.data.tables.table_steps import no_column  # noqa: PLC0415  # it loads pyarrow
        from cellrun.core.data.tables.table_writing import as_parquet, parted, put_tables  # noqa: PLC0415  # as above

        if name is not None:
            dataset_name(name)  # before anything is written
        keys = _names_of(partition_keys)
        store, path = store_and_path(target, "target")
        table = self.to_arrow_table()
        if missing := [key for key in keys if key not in table.column_names]:
            raise no_column(missing[0], table.column_names)
        parts = {f"{folder}/data_{uuid.uuid4()}.parquet": part for folder, part in parted(table, keys).items()}
        put_tables(store, path, parts, as_parquet(), overwrite=False, show_progress=show_progress)
        form = "/".join(f"{{{key}}}" for key in keys)
        paths = ({"datastore": store.name, "path": "/".join(filter(None, (path, "**", "*.parquet")))},)
        read = {"partition_format": f"{form}/*.parquet"}
        made: TabularDataset | FileDataset = (
            FileDataset(DatasetDefinition(FILE, paths, read), store.workspace)
            if partition_as_file_dataset
            else TabularDataset(DatasetDefinition(TABULAR, paths, {"format": "parquet", **read}), store.workspace)
        )
        return made if name is None else made.register(store.workspace, name, create_new_version=True)

    def _written(self, name: str, write: Any) -> FileDataset:
        if self._workspace is None:
            raise DatasetError("the dataset is of no workspace: its files would have no datastore; register it first")
        from cellrun.core.data.tables.table_writing import put_tables  # noqa: PLC0415  # it loads pyarrow

        store = Datastore(self._workspace)
        path = f"tables/{uuid.uuid4()}"
        put_tables(store, path, {name: self.to_arrow_table()}, write, overwrite=False, show_progress=False)
        return FileDataset(DatasetDefinition(FILE, ({"datastore": store.name, "path": path},)), self._workspace)

    @property
    def columns(self) -> list[str]:
        """The names of its columns, told by the heads of its files (cellrun's own)."""
        source = self._source()
        from cellrun.core.data.tables.table_steps import after  # noqa: PLC0415  # it loads pyarrow

        return after(source.columns(), self._definition.steps)

    def __getitem__(self, name: object) -> ColumnExpression:
        """Return a column for a condition: `dataset.filter(dataset["age"] > 30)`."""
        if not isinstance(name, str):
            raise DatasetError(f"dataset['name'] is a column for a condition; got {shown(name)}")
        return column(name)

    def filter(self, expression: ColumnExpression) -> TabularDataset:
        """Return the rows of which a condition is true: `(dataset["age"] > 30) & ~dataset["x"].is_null()`.

        A row whose value is missing isn't among them.
        """
        return self._then("filter", condition_json(expression))

    def keep_columns(self, columns: str | Sequence[str], validate: bool = False) -> TabularDataset:  # noqa: FBT001, FBT002  # Azure ML's signature
        """Return some of its columns, in this order. `validate` looks into the files' heads whether they are there."""
        return self._checked(self._then("keep_columns", _names_of(columns)), validate)

    def drop_columns(self, columns: str | Sequence[str]) -> TabularDataset:
        """Return it without some of its columns."""
        return self._then("drop_columns", _names_of(columns))

    def sample(self, sample_strategy: str, arguments: Mapping[str, Any]) -> TabularDataset:
        """Return a sample of it: "top_n" with {"n": 10}, "simple_random" with {"probability": 0.1, "seed": 1}."""
        given = dict(arguments)
        if sample_strategy == "top_n":
            return self.take(given["n"])
        if sample_strategy == "simple_random":
            return self.take_sample(given["probability"], given.get("seed"))
        raise DatasetError(f"a sample is taken by 'top_n' or 'simple_random'; got {shown(sample_strategy)}")

    def head(self, count: int = 5) -> pd.DataFrame:
        """Return its first rows as a frame of pandas."""
        return self.take(count).to_pandas_dataframe()

    @property
    def timestamp_columns(self) -> tuple[str | None, str | None]:
        """The columns of times that `time_*` ask: a row's own, and the one that its file's path tells."""
        found: tuple[str | None, str | None] = (None, None)
        for kind, *given in self._definition.steps:
            if kind == "timestamp_columns":
                found = (given[0], given[1])
            elif kind == "keep_columns":
                found = tuple(name if name in given[0] else None for name in found)  # type: ignore[assignment]  # two
            elif kind == "drop_columns":
                found = tuple(None if name in given[0] else name for name in found)  # type: ignore[assignment]  # two
        return found

    def with_timestamp_columns(
        self,
        timestamp: str | None = None,
        partition_timestamp: str | None = None,
        validate: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
    ) -> TabularDataset:
        """Return it with the columns that `time_before` and its like ask. `validate` looks whether they are there."""
        for name in (timestamp, partition_timestamp):
            if name is not None and not isinstance(name, str):
                raise DatasetError(f"a column of times is given by its name; got {shown(name)}")
        return self._checked(self._then("timestamp_columns", timestamp, partition_timestamp), validate)

    def time_before(self, end_time: datetime, include_boundary: bool = True, validate: bool = True) -> TabularDataset:  # noqa: FBT001, FBT002  # Azure ML's signature
        """Return the rows up to a time."""
        return self._timed(None, _moment(end_time), include_boundary, validate)

    def time_after(self, start_time: datetime, include_boundary: bool = True, validate: bool = True) -> TabularDataset:  # noqa: FBT001, FBT002  # Azure ML's signature
        """Return the rows from a time on."""
        return self._timed(_moment(start_time), None, include_boundary, validate)

    def time_between(
        self,
        start_time: datetime,
        end_time: datetime,
        include_boundary: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        validate: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> TabularDataset:
        """Return the rows from one time to another."""
        start, end = _moment(start_time), _moment(end_time)
        if start > end:
            raise DatasetError(f"a time between {start} and {end} isn't there: the start comes first")
        return self._timed(start, end, include_boundary, validate)

    def time_recent(
        self,
        time_delta: timedelta,
        include_boundary: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        validate: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> TabularDataset:
        """Return the rows of the last time, as long as `time_delta`, counted from now (UTC)."""
        if not isinstance(time_delta, timedelta):
            raise DatasetError(f"time_recent takes a timedelta; got {shown(time_delta)}")
        return self.time_after(datetime.now(timezone.utc) - time_delta, include_boundary, validate)

    def __getattr__(self, name: str) -> Any:
        if name in NOT_OFFERED:
            raise NotSupportedError(f"TabularDataset.{name}", *NOT_OFFERED[name])
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _source(self) -> TableSource:
        need_arrow("a tabular dataset")
        from cellrun.core.data.tables.table_source import TableSource  # noqa: PLC0415  # it loads pyarrow

        return TableSource(self._definition, self.source_files())

    def _read(self) -> tuple[Any, Mapping[str, int]]:
        source = self._source()
        from cellrun.core.data.tables.table_steps import table  # noqa: PLC0415  # it loads pyarrow

        return table(source, self._definition.steps), source.types.unfit

    def first_rows(self) -> pa.Table:
        """Read the first row and what comes with it: whether it can be read at all. Raises DatasetError."""
        source = self._source()
        from cellrun.core.data.tables.table_steps import no_column, table  # noqa: PLC0415  # it loads pyarrow

        known = source.columns()
        if missing := [name for name in self._definition.read.get("types", {}) if name not in known]:
            raise no_column(missing[0], known)
        return table(source, [["take", 1], *self._definition.steps])

    def _checked(self, made: TabularDataset, is_asked: bool) -> TabularDataset:  # noqa: FBT001  # as it was given
        if is_asked:
            made.first_rows()
        return made

    def _timed(
        self,
        start: datetime | None,
        end: datetime | None,
        has_bounds: bool,  # noqa: FBT001  # as it was given
        is_checked: bool,  # noqa: FBT001  # as it was given
    ) -> TabularDataset:
        name = next((name for name in self.timestamp_columns if name), None)
        if name is None:
            raise DatasetTimestampMissingError(
                "the dataset has no column of times: with_timestamp_columns(timestamp='…') comes before it is asked by "
                "time"
            )
        bounds = [None if bound is None else bound.isoformat() for bound in (start, end)]
        return self._checked(self._then("time", name, *bounds, bool(has_bounds)), is_checked)


def _tell_unfit(unfit: Mapping[str, int], on_error: str) -> None:
    found = {name: count for name, count in unfit.items() if count}
    if not found:
        return
    told = ", ".join(f"{count:,} of {name!r}" for name, count in found.items())
    if on_error == "fail":
        raise DatasetError(f"values aren't of the type that set_column_types gives their column: {told}")
    warnings.warn(
        f"values that aren't of the type that set_column_types gives their column are missing: {told}; "
        "on_error='fail' refuses them",
        stacklevel=3,
    )


def _names_of(columns: object) -> list[str]:
    names = [columns] if isinstance(columns, str) else columns
    if not isinstance(names, (list, tuple, set)) or not names or not all(isinstance(name, str) for name in names):
        raise DatasetError(f"columns are given by a name or a list of names; got {shown(columns)}")
    return list(dict.fromkeys(names))


def _moment(given: object) -> datetime:
    if not isinstance(given, datetime):
        raise DatasetError(f"a time is a datetime; got {shown(given)}")
    return given if given.tzinfo is None else given.astimezone(timezone.utc).replace(tzinfo=None)


def _one_of(what: str, given: object, known: Sequence[str]) -> None:
    if given not in known:
        raise DatasetError(f"{what} is {' or '.join(map(repr, known))}; got {shown(given)}")
