"""The events of a run that is offline: taken like an event log, read like one, never written."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from cellrun.core import names
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_line import Value, encode_value
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import BATCH_BYTES, Event, EventReader

_MOST_WAITING = 1000
"""As columns, events take a tenth of the memory."""


class MemoryEvents(EventReader):
    """Takes the events of one run (`EventSink`) and is the reader of its metrics."""

    def __init__(self, run_id: str) -> None:
        super().__init__(RunLayout(run_id))
        self._waiting: list[Event] = []
        self.metrics = Metrics(self)

    def read(self, max_bytes: int = BATCH_BYTES) -> list[Event]:  # noqa: ARG002  # all there is is small
        """Return the events that came since the last look."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def log(self, name: str, value: Value, step: float | None = None) -> None:
        """Take one value."""
        self._add("log", names.metric_name(name), v=_parsed(value), i=step)

    def row(self, name: str, columns: Mapping[str, Value]) -> None:
        """Take one row."""
        cells = {names.metric_name(column): _parsed(value) for column, value in columns.items()}
        self._add("row", names.metric_name(name), c=cells)

    def list_(self, name: str, values: list[Value]) -> None:
        """Take several values; none at all is no event."""
        if values:
            self._add("list", names.metric_name(name), v=_all_parsed(values))

    def table(self, name: str, columns: Mapping[str, list[Value]]) -> None:
        """Take several rows; none at all is no event."""
        cells = {names.metric_name(column): _all_parsed(values) for column, values in columns.items()}
        if any(cells.values()):
            self._add("table", names.metric_name(name), c=cells)

    def image(self, name: str, path: str) -> None:
        """Take the name of an image's file."""
        self._add("image", names.metric_name(name), f=path)

    def page(self, name: str, path: str) -> None:
        """Take the name of a displayed page's file."""
        self._add("page", names.metric_name(name), f=path)

    def file(self, path: str, size_bytes: int) -> None:
        """Take the name of a file."""
        self._add("file", path, bytes=size_bytes)

    def tag(self, name: str, value: str | None) -> None:
        """Take a tag."""
        self._add("tag", names.tag_name(name), v=value)

    def untag(self, name: str) -> None:
        """Take a tag's removal."""
        self._add("untag", names.tag_name(name))

    def property_(self, name: str, value: str) -> None:
        """Take a property."""
        self._add("property", names.tag_name(name), v=value)

    def rename(self, display_name: str) -> None:
        """Take a new display name."""
        self._add("name", v=display_name)

    def describe(self, description: str) -> None:
        """Take what the run is about."""
        self._add("description", v=description)

    def release(self) -> None:
        """Do nothing: there is no file."""

    def close(self) -> None:
        """Do nothing: there is nothing to bring to the disk."""

    def _add(self, kind: str, name: str | None = None, **more: Any) -> None:
        self._waiting.append({"k": kind, "n": name, "t": time.time(), **more})
        if len(self._waiting) >= _MOST_WAITING:
            self.metrics.update()


def _parsed(value: Value) -> Any:
    """Return a value as a reader of an event log would find it."""
    return json.loads(encode_value(value))


def _all_parsed(values: Iterable[Value]) -> list[Any]:
    return [_parsed(value) for value in values]
