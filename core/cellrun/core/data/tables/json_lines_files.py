"""Files of one JSON object a line, read by Arrow in blocks."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.json

from cellrun.core.data.files.data_files import DataFile
from cellrun.core.errors import DatasetError, shown

_BLOCK_BYTES = 4_000_000


class JsonLinesFiles:
    """The files of a dataset made by `from_json_lines_files`."""

    is_fixed = False
    """Any line may have more columns."""

    def __init__(self, read: Mapping[str, Any], files: list[DataFile]) -> None:
        self._files = files
        self._encoding = read["encoding"]
        self._is_dropped = read["invalid_lines"] == "drop"
        self._columns: list[str] | None = None

    def columns(self) -> list[str]:
        """Return the names of the first block's columns."""
        if self._columns is None:
            blocks = (batch for file in self._files for batch in self.batches(file, None, set()))
            self._columns = next((list(batch.schema.names) for batch in blocks), [])
        return self._columns

    def batches(self, file: DataFile, columns: set[str] | None, as_text: set[str]) -> Iterator[Any]:
        """Return a file's rows in blocks, of the columns that are wanted."""
        first = 1
        for block in self._blocks(file):
            for batch in self._read(file, block, first, as_text):
                wanted = [name for name in batch.schema.names if columns is None or name in columns]
                yield batch.select(wanted or batch.schema.names[:1])
            first += block.count(b"\n")

    def _blocks(self, file: DataFile) -> Iterator[bytes]:
        """Return a file's lines, many at a time, in UTF-8."""
        with closing(file.open()) as stream:
            encoding = "utf-8-sig" if self._encoding == "utf8" else self._encoding
            text = io.TextIOWrapper(stream, encoding, newline="")
            try:
                while lines := text.readlines(_BLOCK_BYTES):
                    yield "".join(lines).encode()
            except (UnicodeError, OSError) as error:
                raise DatasetError(
                    f"{file.location} isn't {self._encoding}: {error}; give the encoding that it was written in, as in "
                    "encoding='latin1'"
                ) from error

    def _read(self, file: DataFile, block: bytes, first: int, as_text: set[str]) -> Iterator[Any]:
        if not block.strip():
            return
        schema = pa.schema([(name, pa.string()) for name in sorted(as_text)]) if as_text else None
        try:
            table = pa.json.read_json(
                io.BytesIO(block),
                pa.json.ReadOptions(use_threads=False, block_size=len(block) + 1),
                pa.json.ParseOptions(explicit_schema=schema),
            )
        except pa.ArrowInvalid:  # a value of another kind, or a line that is none: one by one
            rows = list(self._rows(file, block, first))
        else:
            yield from table.to_batches()
            return
        if rows:
            names = dict.fromkeys(name for row in rows for name in row)
            yield pa.RecordBatch.from_pydict({name: _values([row.get(name) for row in rows]) for name in names})

    def _rows(self, file: DataFile, block: bytes, first: int) -> Iterator[dict[str, Any]]:
        for n, line in enumerate(block.splitlines(), first):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
                problem = "" if isinstance(row, dict) else "isn't a JSON object"
            except orjson.JSONDecodeError as error:
                problem = f"isn't JSON ({error})"
            if not problem:
                yield row
            elif not self._is_dropped:
                raise DatasetError(
                    f"line {n} of {file.location} {problem}: {shown(line.decode())}; "
                    "invalid_lines='drop' leaves such out"
                )


def _values(values: list[Any]) -> Any:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        try:
            return pa.array(values, pa.float64())
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            return pa.array(
                [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
            )
