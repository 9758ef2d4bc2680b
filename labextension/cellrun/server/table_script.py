"""Reads the first rows of tables in the file that is its standard input, and writes them as JSON.

    python -I table_script.py ENDING SYS_PATH < FILE

Run by itself, with bounds on memory and time: it imports nothing of cellrun. A table has a `title`, names of
`columns`, which of them are `numeric`, `rows` of texts (null for a missing value), how many `rows_total` and
`columns_total` there are (null: nobody counted), of an array `shape` and `dtype`, and `why` there is nothing to see:
`objects` or `damaged`.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import islice
from math import prod
from tokenize import TokenError
from typing import IO, Any

ROWS = 200
COLUMNS = 50
CELL_CHARACTERS = 200
TABLES = 50
TEXT_BYTES = 256 * 1024
ARRAY_BYTES = 1 << 20
MEMORY_BYTES = 4 << 30
CPU_S = 20

Table = dict[str, Any]
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|nan|inf|infinity)", re.IGNORECASE)


def main(ending: str, path: str) -> None:
    """Read the tables of a file with this ending, with these folders to import from."""
    sys.path[:] = json.loads(path)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread would reserve memory
    with contextlib.suppress(ImportError, ValueError, OSError):  # bounds that a platform doesn't know
        import resource  # noqa: PLC0415  # not on every platform

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with open(0, "rb") as file:  # a file by its number
        tables = list(islice(_READERS[ending](file), TABLES))
    json.dump({"tables": tables}, sys.stdout)


def _csv(file: IO[bytes], delimiters: str = ",;\t|") -> Iterator[Table]:
    data = file.read(TEXT_BYTES + 1)
    text = data[:TEXT_BYTES].decode("utf-8-sig", "replace").replace("\0", "\ufffd")
    is_whole = len(data) <= TEXT_BYTES
    if not is_whole and "\n" in text:
        text = text[: text.rindex("\n")]
    first = text.partition("\n")[0]
    csv.field_size_limit(TEXT_BYTES)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=max(delimiters, key=first.count)) if row]
    heading, body = (rows[0], rows[1:]) if rows else ([], [])
    yield _table("", heading, body, len(body) if is_whole else None)


def _tsv(file: IO[bytes]) -> Iterator[Table]:
    return _csv(file, "\t")


def _parquet(file: IO[bytes]) -> Iterator[Table]:
    parquet: Any = import_module("pyarrow.parquet")  # where it is installed
    opened = parquet.ParquetFile(file)
    names = list(opened.schema_arrow.names)
    batch = next(opened.iter_batches(ROWS, columns=names[:COLUMNS]), None)
    columns = [] if batch is None else [column.to_pylist() for column in batch.columns]
    yield _table("", names, list(zip(*columns, strict=True)), opened.metadata.num_rows)


def _npz(file: IO[bytes]) -> Iterator[Table]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".npy"):
                try:
                    with archive.open(member) as array:
                        yield _array(array, member.filename[: -len(".npy")])
                except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):  # damaged, odd, or encrypted
                    yield {**_table(member.filename, [], [], None), "why": "damaged"}


def _npy(file: IO[bytes]) -> Iterator[Table]:
    yield _array(file, "")


def _array(file: IO[bytes], title: str) -> Table:
    """Return an array's first values; Python objects aren't read, for to read them runs code."""
    import numpy as np  # noqa: PLC0415  # not for texts

    nothing = _table(title, [], [], None)
    try:
        shape, is_fortran, dtype = _header(file, np.lib.format)
        if dtype.hasobject:
            return {**nothing, "shape": list(shape), "dtype": str(dtype), "why": "objects"}
        most = ARRAY_BYTES // dtype.itemsize * dtype.itemsize
        values = np.frombuffer(file.read(min(prod(shape) * dtype.itemsize, most)), dtype)
    except (ValueError, EOFError):
        return {**nothing, "why": "damaged"}
    matrix = _first_matrix(values, shape, is_fortran)
    if dtype.names:
        table = _table(title, dtype.names, matrix.reshape(-1)[:ROWS].tolist(), prod(shape))
    else:
        width = shape[-1] if len(shape) > 1 else 1
        rows = [list(row[:COLUMNS]) for row in matrix[:ROWS]]
        table = _table(title, [str(number) for number in range(min(width, COLUMNS))], rows, prod(shape[-2:-1] or shape))
        table["columns_total"] = width
    return {**table, "shape": list(shape), "dtype": str(dtype)}


def _header(file: IO[bytes], formats: Any) -> tuple[tuple[int, ...], bool, Any]:
    """Return an array's shape, whether its first axis varies fastest, and its type. Raises ValueError, EOFError."""
    version = formats.read_magic(file)
    read = formats.read_array_header_1_0 if version == (1, 0) else formats.read_array_header_2_0
    try:
        shape, is_fortran, dtype = read(file)
    except (SyntaxError, TypeError, TokenError) as error:  # what numpy meets in a header that isn't its own
        raise ValueError from error
    if version > (2, 0) or min(shape, default=0) < 0 or dtype.itemsize == 0:
        raise ValueError
    return shape, is_fortran, dtype


def _first_matrix(values: Any, shape: tuple[int, ...], is_fortran: bool) -> Any:  # noqa: FBT001  # as numpy tells it
    """Return the first values of an array as rows and columns: of more than two axes, the first matrix."""
    if len(shape) < 2:
        return values.reshape(-1, 1)
    inner = shape[:-1] if is_fortran else shape[1:]
    whole = len(values) // max(1, prod(inner))  # slices along the axis that varies slowest
    if whole == 0:  # not even one: its first values, in a row or a column
        return values.reshape(-1, 1) if is_fortran else values.reshape(1, -1)
    values = values[: whole * prod(inner)]
    values = values.reshape((*inner, whole), order="F") if is_fortran else values.reshape((whole, *inner))
    while values.ndim > 2:
        values = values[0]
    return values


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], rows_total: int | None) -> Table:
    shown = [[None if value is None else _cell(value) for value in row[:COLUMNS]] for row in rows[:ROWS]]
    width = max([len(columns), *map(len, rows[:ROWS])])
    names = [_cell(name) for name in columns[:COLUMNS]]
    names += [""] * (min(width, COLUMNS) - len(names))
    return {
        "title": _cell(title),
        "columns": names,
        "numeric": [_is_numeric([row[at] for row in shown if at < len(row)]) for at in range(len(names))],
        "rows": shown,
        "rows_total": rows_total,
        "columns_total": width,
    }


def _cell(value: Any) -> str:
    text = str(value).encode("utf-8", "replace").decode()
    return text if len(text) <= CELL_CHARACTERS else f"{text[:CELL_CHARACTERS]}…"


def _is_numeric(values: Sequence[str | None]) -> bool:
    told = [value.strip() for value in values if value and value.strip()]
    return bool(told) and all(_NUMBER.fullmatch(value) for value in told)


_READERS = {".csv": _csv, ".npy": _npy, ".npz": _npz, ".parquet": _parquet, ".tsv": _tsv}

if __name__ == "__main__":
    main(*sys.argv[1:])
