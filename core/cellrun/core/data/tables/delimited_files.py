"""Text files of fields between separators, read by Arrow in blocks; all fields are texts, for the types to be told."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv

from cellrun.core.data.files.data_files import DataFile
from cellrun.core.data.tables.headers import PromoteHeadersBehavior
from cellrun.core.errors import DatasetError, shown

_BLOCK_BYTES = 4_000_000
_COMPRESSED: dict[str, Any] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}


class _Head(NamedTuple):
    """The first row of a file: `fields`, none of an empty file, and how many `lines` it and what is before it take."""

    fields: tuple[str, ...]
    rows: int
    is_all: bool = False
    """Whether nothing comes after it."""


class DelimitedFiles:
    """The files of a dataset made by `from_delimited_files`."""

    is_fixed = True
    """All columns are known from the heads of the files."""

    def __init__(self, read: Mapping[str, Any], files: list[DataFile]) -> None:
        self._files = files
        self._separator = read["separator"]
        self._header = PromoteHeadersBehavior(read["header"])
        self._encoding = read["encoding"]
        self._is_multi_line = read["multi_line"]
        self._is_empty_text = read["empty_as_string"]
        self._columns: list[str] | None = None
        self._first: DataFile | None = None
        """The first file that holds anything."""

    def columns(self) -> list[str]:
        """Return the names of the columns. Raises DatasetError for a head that can't be read."""
        if self._columns is None:
            first: Sequence[str] = ()
            names: dict[str, None] = {}
            for file in self._files:
                fields = self._head(file).fields
                if fields and self._first is None:
                    self._first, first = file, fields
                if self._header is PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS:
                    names.update(dict.fromkeys(_names(fields)))
                elif fields:
                    break
            has_header = self._header is not PromoteHeadersBehavior.NO_HEADERS
            self._columns = list(names) or _names(first if has_header else [""] * len(first))
        return self._columns

    def batches(self, file: DataFile, columns: set[str] | None, as_text: set[str]) -> Iterator[Any]:  # noqa: ARG002  # all are texts
        """Return a file's rows in blocks: its fields as texts, of the columns that are wanted."""
        head = self._head(file)
        if not head.fields:
            return
        names, skipped = self._names_of(file, head)
        if skipped and head.is_all:
            return  # Arrow can't skip a line that doesn't end
        wanted = [name for name in names if columns is None or name in columns]
        ragged: list[Any] = []

        def handle(row: Any) -> str:
            ragged.append(row)
            return "error"

        try:
            with self._opened(file) as stream:
                reader = pa.csv.open_csv(
                    stream,
                    pa.csv.ReadOptions(
                        column_names=names,
                        skip_rows_after_names=skipped,
                        block_size=_BLOCK_BYTES,
                        encoding=self._encoding,
                    ),
                    pa.csv.ParseOptions(
                        delimiter=self._separator,
                        newlines_in_values=self._is_multi_line,
                        invalid_row_handler=handle,
                    ),
                    pa.csv.ConvertOptions(
                        column_types=dict.fromkeys(names, pa.string()),
                        # a column must be read for rows to be counted
                        include_columns=wanted or names[:1],
                        null_values=[] if self._is_empty_text else [""],
                        strings_can_be_null=not self._is_empty_text,
                    ),
                )
                with reader:
                    yield from reader
        except (pa.ArrowInvalid, pa.ArrowKeyError, ValueError, OSError) as error:
            raise self._unread(file, ragged, error) from error

    def _names_of(self, file: DataFile, head: _Head) -> tuple[list[str], int]:
        """Return the columns of a file, and how many of its rows come before the data."""
        behavior, known = self._header, self.columns()
        if behavior is PromoteHeadersBehavior.NO_HEADERS or (
            behavior is PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS and file != self._first
        ):
            return known, 0
        names = _names(head.fields)
        if behavior is PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS and set(names) != set(known):
            lacks, has = [n for n in known if n not in names], [n for n in names if n not in known]
            told = "; ".join(
                f"{what} {', '.join(map(repr, which[:5]))}"
                for what, which in (("it lacks", lacks), ("it has", has))
                if which
            )
            raise DatasetError(
                f"{file.location} hasn't the columns of the first file: {told}; "
                "header=PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS takes the columns of all files"
            )
        return names, head.rows

    def _head(self, file: DataFile) -> _Head:
        with _bytes_of(file) as stream:
            text = io.TextIOWrapper(stream, "utf-8-sig" if self._encoding == "utf8" else self._encoding, newline="")
            try:
                rows = csv.reader(text, delimiter=self._separator)
                for n, row in enumerate(rows, 1):
                    if row:
                        return _Head(tuple(row), n, is_all=not text.read(1))
            except (UnicodeError, csv.Error, OSError, EOFError) as error:
                raise self._unread(file, [], error) from error
        return _Head((), 0)

    @staticmethod
    def _opened(file: DataFile) -> AbstractContextManager[Any]:
        local = file.local_path
        is_plain = local is not None and _suffix(file) not in _COMPRESSED
        return pa.OSFile(str(local)) if is_plain else _bytes_of(file)

    def _unread(self, file: DataFile, ragged: list[Any], error: Exception) -> DatasetError:
        if ragged:
            row = ragged[0]
            multi = "" if self._is_multi_line else " (values with line breaks in them need support_multi_line=True)"
            return DatasetError(
                f"{file.location} has a row of {row.actual_columns} fields where {row.expected_columns} are expected: "
                f"{shown(row.text)}; is {self._separator!r} its separator?{multi}"
            )
        text = str(error)
        if isinstance(error, UnicodeError) or "UTF8" in text:
            return DatasetError(
                f"{file.location} isn't {self._encoding}: {text.removeprefix('CSV conversion error to ')}; give the "
                "encoding that it was written in, as in encoding='latin1'"
            )
        return DatasetError(f"{file.location} can't be read as delimited text: {text}")


def _names(fields: Any) -> list[str]:
    """Return the names of columns: one without a name is called by its place, the second of a name gets a number."""
    names: list[str] = []
    for n, field in enumerate(fields, 1):
        base = name = field.strip() or f"Column{n}"
        number = 0
        while name in names:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
    return names


@contextmanager
def _bytes_of(file: DataFile) -> Iterator[Any]:
    unpack = _COMPRESSED.get(_suffix(file), nullcontext)
    with closing(file.open()) as stream, unpack(stream) as unpacked:
        yield unpacked


def _suffix(file: DataFile) -> str:
    return file.path.rpartition(".")[2].lower()
