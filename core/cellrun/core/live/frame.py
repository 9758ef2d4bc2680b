"""The frames of a live view: plain data, and their encoding as a message with binary buffers.

The front end's half is `labextension/src/data/`. Numbers are float64 little endian (NaN is a gap), log and image
bytes as they are; all else is JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellrun.core.store.events.metric_shape import ColumnShape, ColumnType, MetricShape

if TYPE_CHECKING:  # it loads numpy, which a server that starts doesn't need yet
    from cellrun.core.live.downsample import Floats

PROTOCOL = 1


@dataclass(frozen=True)
class ColumnPart:
    """A column's new values: `numbers` or, in a table, `text`; `last` is its latest value, ready for JSON.

    `ordered` is said of all the values that were logged (see ColumnShape).
    """

    name: str
    type: ColumnType
    last: Any
    numbers: Floats | None = None
    text: Sequence[str | None] | None = None
    ordered: bool = True

    @property
    def shape(self) -> ColumnShape:
        """What it is decided by how its metric is shown."""
        return ColumnShape(self.name, self.type, self.ordered)


@dataclass(frozen=True)
class MetricPart:
    """New rows of one metric: from `at` on they replace what the view holds, which is then `length` rows long.

    `rows` counts what was logged; the view's rows are fewer when they were thinned.
    """

    name: str
    kind: str
    rows: int
    columns: Sequence[ColumnPart]
    at: int
    length: int
    attempts: Sequence[tuple[int, float]] = ()
    """Each start of the run by its engine but the first: its number, and the x of its first row in a chart."""

    @property
    def shape(self) -> MetricShape:
        """What it is decided by how it is shown."""
        return MetricShape(self.name, self.kind, self.rows, [column.shape for column in self.columns])


@dataclass(frozen=True)
class LogPart:
    """Bytes `start` to `end` of a log of `size` bytes; `reset` when they don't continue what was sent before."""

    start: int
    size: int
    reset: bool
    data: bytes

    @property
    def end(self) -> int:
        """The offset after the last byte."""
        return self.start + len(self.data)


@dataclass(frozen=True)
class ImagePart:
    """An image of the run, or a page that it displayed; no `data` when that is too large, or was sent before."""

    name: str
    path: str
    mime: str
    size_bytes: int
    data: bytes | None


@dataclass(frozen=True)
class Frame:
    """One message to a view. `reset` tells it to forget what it holds."""

    number: int
    reset: bool
    header: dict[str, Any] | None = None
    metrics: Sequence[MetricPart] = ()
    log: LogPart | None = None
    images: Sequence[ImagePart] = ()

    @property
    def size_bytes(self) -> int:
        """About how much the message is: its buffers, and a guess at its JSON."""
        columns = [column for metric in self.metrics for column in metric.columns]
        numbers = sum(8 * len(column.numbers) for column in columns if column.numbers is not None)
        texts = sum(len(cell or "") + 4 for column in columns for cell in column.text or ())
        images = sum(len(image.data or b"") for image in self.images)
        return 500 + 100 * len(columns) + numbers + texts + images + (len(self.log.data) if self.log else 0)

    def message(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the message's JSON content and its buffers."""
        buffers = _Buffers()
        content: dict[str, Any] = {"type": "frame", "protocol": PROTOCOL, "frame": self.number, "reset": self.reset}
        if self.header is not None:
            content["header"] = self.header
        content["metrics"] = [_metric(part, buffers) for part in self.metrics]
        if self.log is not None:
            content["log"] = {
                "start": self.log.start,
                "end": self.log.end,
                "size": self.log.size,
                "reset": self.log.reset,
                "buffer": buffers.add(self.log.data),
            }
        content["images"] = [
            {
                "name": image.name,
                "path": image.path,
                "mime": image.mime,
                "bytes": image.size_bytes,
                "buffer": None if image.data is None else buffers.add(image.data),
            }
            for image in self.images
        ]
        content["buffers"] = len(buffers.all)
        return content, buffers.all


class _Buffers:
    """The buffers of one message, referred to by their place."""

    def __init__(self) -> None:
        self.all: list[bytes] = []

    def add(self, data: bytes) -> int:
        self.all.append(data)
        return len(self.all) - 1


def _metric(part: MetricPart, buffers: _Buffers) -> dict[str, Any]:
    return {
        "name": part.name,
        "kind": part.kind,
        "rows": part.rows,
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "buffer": None if column.numbers is None else buffers.add(column.numbers.astype("<f8").tobytes()),
                "text": None if column.text is None else list(column.text),
                "last": column.last,
                **({} if column.ordered else {"ordered": False}),
            }
            for column in part.columns
        ],
        "at": part.at,
        "length": part.length,
        **({"attempts": [list(each) for each in part.attempts]} if part.attempts else {}),
    }
