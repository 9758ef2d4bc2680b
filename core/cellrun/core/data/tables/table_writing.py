"""Tables written to a datastore: frames that become datasets, tables as files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from cellrun.core.errors import DatasetError

if TYPE_CHECKING:
    from cellrun.core.data.stores.datastore import Datastore

Write = Callable[[Any, Path], None]
"""Writes a table of Arrow as a file."""


def as_parquet(row_group_size: int | None = None) -> Write:
    """Return what writes a table as Parquet."""

    def write(table: Any, path: Path) -> None:
        pa.parquet.write_table(table, path, row_group_size=row_group_size)

    return write


def as_csv(separator: str) -> Write:
    """Return what writes a table as text, with a head."""

    def write(table: Any, path: Path) -> None:
        pa.csv.write_csv(table, path, pa.csv.WriteOptions(delimiter=separator))

    return write


def put_tables(  # noqa: PLR0913  # where, what and how
    store: Datastore,
    folder: str,
    tables: Mapping[str, Any],
    write: Write,
    *,
    overwrite: bool,
    show_progress: bool,
) -> None:
    """Write tables into a folder of a store, by their paths in it.

    They are files of this machine first: what is in the store is whole. Raises DatasetError for what can't be written
    so, DatastoreError for what the store doesn't take.
    """
    with tempfile.TemporaryDirectory(prefix="cellrun-table-") as made:
        for name, table in tables.items():
            file = Path(made, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                write(table, file)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
                raise DatasetError(f"the table can't be written as {file.suffix[1:]}: {error}") from error
        store.upload_files(
            [Path(made, name) for name in tables],
            relative_root=made,
            target_path=folder,
            overwrite=overwrite,
            show_progress=show_progress,
        )


def parted(table: Any, keys: Sequence[str]) -> dict[str, Any]:
    """Return a table's parts by the values of columns: paths such as `north/2020`, and what is left there.

    Raises DatasetError for values that can't be a folder's name.
    """
    parts: dict[str, Any] = {}
    texts = [pc.cast(table.column(key), pa.string()) for key in keys]
    for key, values in zip(keys, texts, strict=True):
        bad = [value for value in pc.unique(values).to_pylist() if not value or "/" in value or value.startswith(".")]
        if bad:
            raise DatasetError(f"the column {key!r} can't name folders: it has the value {bad[0]!r}")
    where = pc.binary_join_element_wise(*texts, "/") if len(texts) > 1 else texts[0]
    rest = table.drop_columns(list(keys))
    for folder in pc.unique(where).to_pylist():
        parts[folder] = rest.filter(pc.equal(where, folder))
    return parts
