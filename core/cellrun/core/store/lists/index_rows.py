"""The rows of an index as its tables hold them: written with the number of their change, and read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple
from zlib import crc32

from cellrun.core.store.json_reading import dumps, read_json
from cellrun.core.store.lists.run_choice import storable
from cellrun.core.store.lists.run_row import RunRow

CHILDREN = "(SELECT count(*) FROM run AS child WHERE child.parent = run.id)"
"""What `rows_of` takes beside a row. Counted when asked: a child may be read before its parent is."""
CHANGES_KEPT = 100_000
"""So many changes back it is still known which runs went."""
METRICS_KEPT = 200
"""Of a run that has more metrics, a list has those that were logged first: a page has fifty runs."""

_TEXTS = ("id", "name", "display_name", "experiment", "type", "target", "parent")
"""Columns that are a row's own, and text."""
_OTHERS = ("number", "created_at", "status", "is_live", "notebook", "tags", "properties", "words", "seen", "change")
_COLUMNS = (*_TEXTS, *_OTHERS)
_INSERT = f"INSERT INTO run ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  # our own words
_UPDATE = f"UPDATE run SET {', '.join(f'{name} = ?' for name in _COLUMNS)} WHERE number_here = ?"  # noqa: S608
_SEEN = "UPDATE run SET seen = ?, is_live = ? WHERE number_here = ? AND seen IS NOT ?"
_SHOWN = "SELECT number_here, row FROM run JOIN shown USING (number_here) WHERE id = ?"


class ReadRun(NamedTuple):
    """A run as it was just read, and by what its next change will be noticed while it lives."""

    row: RunRow
    seen: str | None
    """None for a run that has ended, and is whole."""


def write_rows(base: sqlite3.Connection, read: Mapping[str, ReadRun | None]) -> None:
    """Write runs, None for one that isn't there, within a transaction. What stayed the same is no change."""
    if not read:
        return
    (change,) = base.execute("SELECT change + 1 FROM progress").fetchone()
    changed = [run_id for run_id, run in read.items() if _write(base, run_id, run, change)]
    if changed:
        base.execute("UPDATE progress SET change = ?", (change,))
        base.execute("DELETE FROM gone WHERE change < ?", (change - CHANGES_KEPT,))


def rows_of(found: Iterable[tuple[str, int]]) -> list[RunRow]:
    """Return rows from their JSON and how many children they have.

    Raises ValueError for one that was changed by another hand.
    """
    return [RunRow.from_json({**read_json(_unsealed(text)), "children": children}) for text, children in found]


def _write(base: sqlite3.Connection, run_id: str, run: ReadRun | None, change: int) -> bool:
    """Write one run; whether anything is different now."""
    if run is None:
        if not base.execute("DELETE FROM run WHERE id = ?", (run_id,)).rowcount:
            return False
        base.execute("REPLACE INTO gone VALUES (?, ?)", (run_id, change))
        return True
    text = _text(run.row)
    number_here, before = base.execute(_SHOWN, (run_id,)).fetchone() or (None, None)
    if before == text:
        base.execute(_SEEN, (run.seen, run.seen is not None, number_here, run.seen))
        return False
    values = (*_columns(run.row, is_live=run.seen is not None), run.seen, change)
    if number_here is None:
        number_here = base.execute(_INSERT, values).lastrowid
        base.execute("INSERT INTO shown VALUES (?, ?)", (number_here, text))
        base.execute("DELETE FROM gone WHERE id = ?", (run_id,))
    else:
        base.execute(_UPDATE, (*values, number_here))
        base.execute("UPDATE shown SET row = ? WHERE number_here = ?", (text, number_here))
    return True


def _columns(row: RunRow, *, is_live: bool) -> tuple[Any, ...]:
    """Return what is stored of a row beside its JSON: what is chosen and sorted by, and the words to search."""
    tags = [f"{name} {value or ''}" for name, value in row.tags.items()]
    parameters = [f"{name} {value}" for name, value in row.parameters.items()]
    words = " ".join([row.id, row.name, row.display_name, *tags, *parameters]).lower()
    notebook = row.cell and row.cell.notebook
    texts = (getattr(row, name) for name in _TEXTS)
    return (
        *(text and storable(text) for text in texts),
        row.number,
        row.created_at,
        row.status.value,
        is_live,
        notebook and storable(notebook),
        storable(json.dumps(row.tags, ensure_ascii=False)),
        storable(json.dumps(row.properties, ensure_ascii=False)),
        storable(words),
    )


def _text(row: RunRow) -> str:
    data = row.to_json()
    if len(row.metrics) > METRICS_KEPT:
        data["metrics"] = dict(islice(data["metrics"].items(), METRICS_KEPT))
    try:
        json_text = dumps(data)
    except TypeError:  # a lone surrogate in a text
        json_text = json.dumps(data).encode()
    return f"{crc32(json_text):08x}{json_text.decode()}"


def _unsealed(text: str) -> bytes:
    """Return the JSON of a row, which has its checksum before it: SQLite notices nothing of a byte that changed."""
    json_text = text[8:].encode()
    if text[:8] != f"{crc32(json_text):08x}":
        raise ValueError("a row has another checksum")
    return json_text
