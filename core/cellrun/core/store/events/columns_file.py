"""A run's metrics as one block of bytes: a head in JSON, then the columns as they are in memory."""

from __future__ import annotations

import json
import struct
import sys
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

from cellrun.core.store.events.column import Column
from cellrun.core.store.events.event_line import decode_value, typed
from cellrun.core.store.events.metric import Metric
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import Damage

_MAGIC = b"cellrun columns 3 " + sys.byteorder.encode() + b"\n"
_SIZES = struct.Struct("<QI")
"""The head's size, and the crc32 of all that follows these two."""


def pack(metrics: Metrics, about: Mapping[str, Any]) -> Iterator[bytes | memoryview]:
    """Iterate over the bytes that hold all that was read of a run's events, and what the caller has to say about it."""
    blocks: list[memoryview] = []

    def block(column: array[Any] | bytearray | None) -> int | None:
        if column is None:
            return None
        blocks.append(memoryview(column).cast("B"))
        return len(blocks[-1])

    state = {
        "about": about,
        "metrics": [_packed(metric, block) for metric in metrics.metrics.values()],
        "images": metrics.images,
        "shown": metrics.shown,
        "tags": metrics.tags,
        "files": metrics.files,
        "display_name": metrics.display_name,
        "ranks": metrics.ranks,
        "attempts": metrics.attempts,
        "damage": [(damage.file.name, damage.byte, damage.problem) for damage in metrics.reader.damage],
    }
    head = json.dumps(state).encode()
    check = crc32(head)
    for each in blocks:
        check = crc32(each, check)
    yield _MAGIC + _SIZES.pack(len(head), check)
    yield head
    yield from blocks


class PackedColumns:
    """What `pack` gave, read again. Raises ValueError for bytes that are something else, or damaged."""

    def __init__(self, data: bytes) -> None:
        start = len(_MAGIC) + _SIZES.size
        if not data.startswith(_MAGIC) or len(data) < start:
            raise ValueError("no columns of this version")
        size, check = _SIZES.unpack_from(data, len(_MAGIC))
        rest = memoryview(data)[start:]
        if crc32(rest) != check:
            raise ValueError("the columns are damaged")
        self._state = json.loads(bytes(rest[:size]))
        self._rest = rest[size:]
        self.about: dict[str, Any] = self._state["about"]

    def damage(self, events: Path) -> list[Damage]:
        """Return the damaged records that were met."""
        return [Damage(events / name, byte, problem) for name, byte, problem in self._state["damage"]]

    def fill(self, metrics: Metrics) -> None:
        """Put all into metrics that nothing was read into yet."""
        state = self._state
        for packed in state["metrics"]:
            metrics.metrics[packed["name"]] = self._metric(packed)
        metrics.images += [(name, path) for name, path in state["images"]]
        metrics.shown += [(name, path) for name, path in state["shown"]]
        metrics.tags = state["tags"]
        metrics.files = state["files"]
        metrics.display_name = state["display_name"]
        metrics.ranks = state["ranks"]
        metrics.attempts = state["attempts"]

    def _metric(self, packed: Mapping[str, Any]) -> Metric:
        metric = Metric(packed["name"], packed["kind"])
        metric.rows = packed["rows"]
        metric.times = self._array("d", packed["times"])
        metric.steps = None if packed["steps"] is None else self._array("d", packed["steps"])
        metric.ranks = None if packed["ranks"] is None else self._array("i", packed["ranks"])
        for name, numbers, kinds, others in packed["columns"]:
            values = {row: decode_value(value) for row, value in others}
            kept = Column.unpacked(self._array("d", numbers), bytearray(self._take(kinds)), values)
            metric.add_column(name, kept)
        for number, row in packed["attempts"]:
            metric.begin_attempt(number, row)
        return metric

    def _array(self, kind: str, size: int) -> array[Any]:
        made = array(kind)
        made.frombytes(self._take(size))
        return made

    def _take(self, size: int) -> memoryview:
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def _packed(metric: Metric, block: Any) -> dict[str, Any]:
    """Return a metric's head; its columns go through `block`, which returns their sizes, in the order of reading."""
    head = {
        "name": metric.name,
        "kind": metric.kind,
        "rows": metric.rows,
        "attempts": metric.attempts,
        "times": block(metric.times),
        "steps": block(metric.steps),
        "ranks": block(metric.ranks),
    }
    columns = []
    for name, column in metric.columns.items():
        numbers, kinds, others = column.packed()
        columns.append((name, block(numbers), block(kinds), [(row, typed(value)) for row, value in others.items()]))
    return {**head, "columns": columns}
