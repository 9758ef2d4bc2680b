"""The rows of a tabular dataset's files as Arrow's batches: typed, with what their paths tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cellrun.core.data.files.data_files import DataFile
from cellrun.core.data.files.definition import DatasetDefinition
from cellrun.core.data.files.partition_format import PartitionFormat
from cellrun.core.data.tables.column_types import ColumnTypes
from cellrun.core.data.tables.delimited_files import DelimitedFiles
from cellrun.core.data.tables.json_lines_files import JsonLinesFiles
from cellrun.core.data.tables.parquet_files import ParquetFiles
from cellrun.core.errors import DatasetError

PATH = "Path"
"""The column that says which file a row is from (Azure ML's name)."""
_FORMATS = {"delimited": DelimitedFiles, "parquet": ParquetFiles, "json_lines": JsonLinesFiles}


class TableSource:
    """What a tabular dataset's files hold, before its steps. Nothing is read before it is asked."""

    def __init__(self, definition: DatasetDefinition, files: list[DataFile]) -> None:
        read = definition.read
        if read.get("format") not in _FORMATS:
            raise DatasetError(f"a tabular dataset has the format {read.get('format')!r}; known: {', '.join(_FORMATS)}")
        self._files = files
        self._reader: Any = _FORMATS[read["format"]](read, files)
        self.types = ColumnTypes(read.get("types", {}), is_guessed=read.get("infer", False))
        self._has_path = read.get("include_path", False)
        text = read.get("partition_format")
        self._partition = PartitionFormat(text) if text else None

    @property
    def is_fixed(self) -> bool:
        """Whether no column is found later."""
        return bool(self._reader.is_fixed)

    def columns(self) -> list[str]:
        """Return the names of the columns, as far as they are known without reading all."""
        return list(dict.fromkeys([*self._told_columns(), *self._reader.columns()]))

    def batches(self, wanted: set[str] | None) -> Iterator[Rows]:
        """Return the rows in blocks, with the columns that are wanted, all by None. Raises TypesChangedError."""
        for file in self._files:
            told = self._told(file)
            for raw in self._raw(file, wanted):
                found = {
                    name: self.types.typed(name, values)
                    for name, values in zip(raw.schema.names, raw.columns, strict=True)
                    if (wanted is None or name in wanted) and name not in told
                }
                extra = {
                    name: pa.repeat(pa.scalar(value), raw.num_rows)
                    for name, value in told.items()
                    if wanted is None or name in wanted
                }
                if self.is_fixed:
                    for name in self.columns():  # of another file
                        if (wanted is None or name in wanted) and name not in found and name not in extra:
                            found[name] = self.types.typed(name, pa.nulls(raw.num_rows))
                yield Rows(raw.num_rows, {**extra, **found})

    def _raw(self, file: DataFile, wanted: set[str] | None) -> Iterator[Any]:
        with file.place.translate_errors(file.inside):  # a store that goes away meanwhile
            yield from self._reader.batches(file, wanted, self.types.as_text())

    def settle(self, wanted: set[str] | None) -> None:
        """Read all for the types of its columns alone."""
        self.types.is_settling = True
        try:
            for _ in self.batches(wanted):
                pass
        finally:
            self.types.is_settling = False
            self.types.unfit.clear()

    def _told_columns(self) -> list[str]:
        return [*([PATH] if self._has_path else []), *(self._partition.columns if self._partition else [])]

    def _told(self, file: DataFile) -> dict[str, Any]:
        told = {PATH: f"/{file.path}"} if self._has_path else {}
        return {**told, **(self._partition.values(file.inside) if self._partition else {})}


class Rows:
    """Some rows: columns of Arrow by name. Unlike Arrow's own batches these count rows without any column."""

    __slots__ = ("columns", "count")

    def __init__(self, count: int, columns: dict[str, Any]) -> None:
        self.count = count
        self.columns = columns

    def sliced(self, start: int, count: int) -> Rows:
        """Return some of them, in a row."""
        return Rows(count, {name: values.slice(start, count) for name, values in self.columns.items()})

    def where(self, mask: Any) -> Rows:
        """Return those that an Arrow array of truth values says."""
        columns = {name: values.filter(mask) for name, values in self.columns.items()}
        count = pc.sum(mask).as_py() or 0
        return Rows(count, columns)
