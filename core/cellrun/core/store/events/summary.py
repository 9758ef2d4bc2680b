"""The summary of a run's events that lists show: kept beside them, so that no list has to read events.

Each writer of events keeps a summary of its own, `summary/<writer>.json`; a run's summary is all of them merged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import folder_beneath, is_count, is_number, is_text
from cellrun.core.disk.ownership import is_mine
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_line import Value, decode_value, is_encoded
from cellrun.core.store.events.metric_summary import MetricSummary

VERSION = 1


def _is_list(*fits: control_file.Check) -> control_file.Check:
    """Return the check for a list of as many values, each of which fits."""
    return lambda value: (
        isinstance(value, list)
        and len(value) == len(fits)
        and all(one(it) for one, it in zip(fits, value, strict=True))
    )


_METRIC: control_file.Shape = {
    "kind": lambda value: value in ("log", "list", "row", "table"),
    "count": is_count,
    "at": is_number,
    "last": control_file.is_mapping_of(is_encoded),
    "spark": lambda value: isinstance(value, list) and set(map(type, value)) <= {float, int, type(None)},
    "stride": lambda value: is_count(value) and value > 0,
}
_SHAPE: control_file.Shape = {
    "offset": is_count,
    "metrics": control_file.is_mapping_of(
        lambda value: (
            isinstance(value, dict) and all(key in value and fits(value[key]) for key, fits in _METRIC.items())
        )
    ),
    "tags": control_file.is_mapping_of(
        _is_list(is_number, control_file.is_text_or_none, lambda value: isinstance(value, bool))
    ),
    "display_name": lambda value: value is None or _is_list(is_number, is_text)(value),
    "properties": control_file.is_mapping_of(_is_list(is_number, is_text)),
}
_ADDED = frozenset({"properties"})
"""What a summary of an earlier cellrun hasn't."""


class TagChange(NamedTuple):
    """The last change of a tag: when, to what, and whether the tag is there at all."""

    at: float
    value: str | None
    present: bool


class Summary:
    """Metrics, tags and display name as the events so far leave them."""

    def __init__(self) -> None:
        self.metrics: dict[str, MetricSummary] = {}
        self.tags: dict[str, TagChange] = {}
        self.display_name: tuple[float, str] | None = None
        self.properties: dict[str, tuple[float, str]] = {}
        """When each was added, and its value."""
        self.offset = 0
        """The size of the event log at this point, in bytes."""

    def log(self, at: float, name: str, value: Value) -> None:
        """Take in one value."""
        metric = self.metrics.get(name) or self._metric(name, "log")
        metric.add(at, {name: value}, (value,))

    def list_(self, at: float, name: str, values: Sequence[Value]) -> None:
        """Take in a list of values."""
        self._metric(name, "list").add(at, {name: values[-1]}, values)

    def row(self, at: float, name: str, row: Mapping[str, Value]) -> None:
        """Take in one row of several columns."""
        self._metric(name, "row").add_row(at, row)

    def table(self, at: float, name: str, columns: Mapping[str, Sequence[Value]]) -> None:
        """Take in the rows of a table."""
        self._metric(name, "table").add_table(at, columns)

    def tag(self, at: float, name: str, value: str | None, *, present: bool = True) -> None:
        """Take in a tag that was set, or taken away."""
        self.tags[name] = TagChange(at, value, present)

    def property_(self, at: float, name: str, value: str) -> None:
        """Take in a property: one that there is already stays as it is."""
        self.properties.setdefault(name, (at, value))

    def rename(self, at: float, display_name: str) -> None:
        """Take in a new display name."""
        self.display_name = (at, display_name)

    def apply(self, event: Mapping[str, Any]) -> None:
        """Take in one event as the log holds it."""
        kind, at = event["k"], event["t"]
        if kind == "log":
            self.log(at, event["n"], decode_value(event["v"]))
        elif kind == "list":
            self.list_(at, event["n"], [decode_value(value) for value in event["v"]])
        elif kind == "row":
            self.row(at, event["n"], {column: decode_value(value) for column, value in event["c"].items()})
        elif kind == "table":
            columns = event["c"].items()
            self.table(at, event["n"], {column: [decode_value(value) for value in cells] for column, cells in columns})
        elif kind in {"tag", "untag"}:
            self.tag(at, event["n"], event.get("v"), present=kind == "tag")
        elif kind == "property":
            self.property_(at, event["n"], event["v"])
        elif kind == "name":
            self.rename(at, event["v"])

    def merge(self, other: Summary) -> None:
        """Take in another writer's summary of the same run."""
        for name, metric in other.metrics.items():
            self._metric(name, metric.kind).merge(metric)
        for tag, change in other.tags.items():
            self.tags[tag] = max(self.tags.get(tag, change), change, key=lambda item: item.at)
        for name, added in other.properties.items():
            self.properties[name] = min(self.properties.get(name, added), added)
        self.display_name = max((name for name in (self.display_name, other.display_name) if name), default=None)
        self.offset += other.offset

    def apply_tags(self, initial: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return a run's tags: those it was submitted with, changed by the events."""
        changed = {name: change.value for name, change in self.tags.items()}
        return {
            name: value
            for name, value in {**initial, **changed}.items()
            if name not in self.tags or self.tags[name].present
        }

    def apply_properties(self, initial: Mapping[str, str]) -> dict[str, str]:
        """Return a run's properties: those it was made with, and those that were added."""
        return {**{name: value for name, (_, value) in self.properties.items()}, **initial}

    def later_than(self, at: float) -> list[str]:
        """Return the metrics whose last row was logged after a time: after a run's end, a writer hears of it late."""
        return [name for name, metric in self.metrics.items() if metric.at > at]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "version": VERSION,
            "offset": self.offset,
            "metrics": {name: metric.to_json() for name, metric in self.metrics.items()},
            "tags": {name: list(change) for name, change in self.tags.items()},
            "display_name": self.display_name,
            "properties": {name: list(added) for name, added in self.properties.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Summary:
        """Read what `to_json` gave."""
        made = cls()
        made.offset = data["offset"]
        made.metrics = {name: MetricSummary.from_json(metric) for name, metric in data["metrics"].items()}
        made.tags = {name: TagChange(*change) for name, change in data["tags"].items()}
        made.display_name = tuple(data["display_name"]) if data["display_name"] else None
        made.properties = {name: (at, value) for name, (at, value) in data.get("properties", {}).items()}
        return made

    def _metric(self, name: str, kind: str) -> MetricSummary:
        metric = self.metrics.get(name)
        if metric is None:
            metric = self.metrics[name] = MetricSummary(kind)
        return metric


def write_summary(layout: RunLayout, writer: str, summary: Mapping[str, Any]) -> None:
    """Write what `Summary.to_json` gave as one writer's summary, in place of the one before.

    Raises OSError for a link in the place of their folder, as a run folder of somebody else may have.
    """
    with folder_beneath(layout.folder, [layout.summaries.name]):
        pass
    replace_file(layout.summaries / f"{writer}.json", json.dumps(summary))


def read_summaries(layout: RunLayout) -> dict[str, Summary]:
    """Return the summary of each writer of a run, by writer; a damaged one is left out: the events say the same."""
    from cellrun.core.store.json_reading import read_json  # noqa: PLC0415  # a job, which only writes, needn't load it

    found = {}
    folder = layout.summaries
    for writer in _writers(layout, folder, ".json"):
        with suppress(*control_file.UNREADABLE):
            text = control_file.read_control_file(layout.folder, folder / f"{writer}.json")
            control_file.check_parts(text)
            data = read_json(text)
            control_file.check(layout.folder, folder / f"{writer}.json", data, _SHAPE, needed=_SHAPE.keys() - _ADDED)
            found[writer] = Summary.from_json(data)
    return found


def stale_writers(layout: RunLayout, summaries: Mapping[str, Summary]) -> dict[str, int]:
    """Return the writers whose events go further than their summary, and how far: they live, or they were killed."""
    stale = {}
    folder = layout.events
    for writer in _writers(layout, folder, ".jsonl"):
        known, size_bytes = summaries.get(writer), (folder / f"{writer}.jsonl").lstat().st_size
        if size_bytes > (known.offset if known else 0):
            stale[writer] = size_bytes
    return stale


def _writers(layout: RunLayout, folder: Path, ending: str) -> list[str]:
    """Return whose files a folder holds; drafts begin with a dot."""
    names = control_file.names_in(layout.folder, folder)
    return [name.removesuffix(ending) for name in names if name.endswith(ending) and not name.startswith(".")]


def run_summary(layout: RunLayout) -> Summary:
    """Return a run's events in short, up to the last one: a second's worth of them is read at most."""
    parts = read_summaries(layout)
    if stale_writers(layout, parts):
        _read_on(layout, parts)
    return _merged(parts)


def listed_summary(layout: RunLayout, *, has_ended: bool) -> Summary:
    """Return a run's events in short, as a list shows them: while the run lives, as of a second ago.

    Of a run that has ended, what killed writers left unsummed is read, once for all.
    """
    parts = read_summaries(layout)
    if has_ended and (stale := stale_writers(layout, parts)):
        _read_on(layout, parts)
        for writer, size_bytes in stale.items():
            part = parts.setdefault(writer, Summary())
            part.offset = size_bytes  # a torn end included: nothing will come to it
            with suppress(OSError):  # not ours to write, a full disk: the next look reads on again
                if is_mine(layout.folder):
                    write_summary(layout, writer, part.to_json())
    return _merged(parts)


def _read_on(layout: RunLayout, parts: dict[str, Summary]) -> None:
    from cellrun.core.store.events.reader import EventReader  # noqa: PLC0415  # a job, which writes events, reads none

    for events in EventReader(layout, {writer: part.offset for writer, part in parts.items()}).batches():
        for event in events:
            parts.setdefault(event["w"], Summary()).apply(event)


def _merged(parts: dict[str, Summary]) -> Summary:
    whole = Summary()
    for part in parts.values():
        whole.merge(part)
    return whole
