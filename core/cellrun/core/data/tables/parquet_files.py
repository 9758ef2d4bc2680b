"""Parquet files, read by Arrow in blocks: only the columns, and where it can tell the row groups, that are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from cellrun.core.data.files.data_files import DataFile
from cellrun.core.errors import DatasetError

_BLOCK_ROWS = 65_536


class ParquetFiles:
    """The files of a dataset made by `from_parquet_files`."""

    def __init__(self, read: Mapping[str, Any], files: list[DataFile]) -> None:  # noqa: ARG002  # as those beside it
        self._files = files
        self._columns: list[str] | None = None
        self.is_fixed = len(files) == 1
        """Whether all columns are known from the first file: a later one may have more."""

    def columns(self) -> list[str]:
        """Return the names of the first file's columns."""
        if self._columns is None:
            with closing(_stream(self._files[0])) as stream:
                self._columns = list(_parquet(self._files[0], stream).schema_arrow.names) if self._files else []
        return self._columns

    def batches(self, file: DataFile, columns: set[str] | None, as_text: set[str]) -> Iterator[Any]:  # noqa: ARG002  # types are told
        """Return a file's rows in blocks, of the columns that are wanted."""
        with closing(_stream(file)) as stream:
            parquet = _parquet(file, stream)
            names = parquet.schema_arrow.names
            wanted = None if columns is None else [name for name in names if name in columns] or names[:1]
            try:
                yield from parquet.iter_batches(_BLOCK_ROWS, columns=wanted)
            except (pa.ArrowInvalid, OSError) as error:
                raise _unread(file, error) from error


def _stream(file: DataFile) -> Any:
    local = file.local_path
    return file.open() if local is None or not local.exists() else pa.OSFile(str(local))


def _parquet(file: DataFile, stream: Any) -> Any:
    try:
        return pa.parquet.ParquetFile(stream)
    except (pa.ArrowInvalid, OSError) as error:
        raise _unread(file, error) from error


def _unread(file: DataFile, error: Exception) -> DatasetError:
    return DatasetError(f"{file.location} can't be read as Parquet: {error}")
