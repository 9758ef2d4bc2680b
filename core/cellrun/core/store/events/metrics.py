"""Everything that a run has logged, read from its events: metrics as columns, tags, images and files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cellrun.core.store.events.metric import NO_RANK, Metric
from cellrun.core.store.events.reader import Event, EventReader

__all__ = ["Metric", "Metrics"]


class Metrics:
    """Everything that a run has logged so far; `update` reads on.

    `tags` are the tags that the run was submitted with.
    """

    def __init__(self, reader: EventReader, tags: Mapping[str, str | None] | None = None) -> None:
        self.reader = reader
        self.metrics: dict[str, Metric] = {}
        """By name, in the order in which they were first logged."""
        self.images: list[tuple[str, str]] = []
        """Names and artifact paths of the images, in order."""
        self.shown: list[tuple[str, str]] = []
        """Images and displayed pages, in order, likewise."""
        self.tags: dict[str, str | None] = dict(tags or {})
        self.properties: dict[str, str] = {}
        """The tags that the run has now."""
        self.files: dict[str, int] = {}
        """Artifacts that were added, by path: their size in bytes."""
        self.display_name: str | None = None
        """The last name the run was given; None if it still has its first."""
        self.description: str | None = None
        """What was said last that the run is about; None if nothing was."""
        self.ranks: dict[str, int] = {}
        """Of the writers that have one."""
        self.attempts: dict[str, int] = {}
        """Of the writers of a run that its engine has started again, in which start they were, from 2 on."""

    def update(self, max_bytes: int | None = None) -> set[str]:
        """Read what is new, all of it or a part of so many bytes; return the names of the metrics that changed."""
        changed: set[str] = set()
        batches = self.reader.batches() if max_bytes is None else [self.reader.read(max_bytes)]
        for events in batches:
            self._take(events, changed)
        return changed

    def plain(self, content: Callable[[str], Any] | None = None, only: str | None = None) -> dict[str, Any]:
        """Return the metrics by name as Azure ML's `get_metrics` does; of an image, the artifact's address.

        `content` gives what is in an artifact, to be returned in its place; of one name `only`, if that is given.
        """
        values = {name: metric.plain() for name, metric in self.metrics.items()}
        images: dict[str, Any] = {}
        for name, path in self.images:
            address = f"aml://artifactId/ExperimentRun/dcid.{self.reader.layout.run_id}/{path}"
            images.setdefault(name, []).append(content(path) if content and only in (None, name) else address)
        return {**{name: several if len(several) > 1 else several[0] for name, several in images.items()}, **values}

    def _take(self, events: Iterable[Event], changed: set[str]) -> None:
        # Values logged one by one are most of all events: gathered by name, a batch of them costs half.
        values: defaultdict[str, list[Event]] = defaultdict(list)
        for event in events:
            if event["k"] == "log":
                values[event["n"]].append(event)
            elif event["k"] in {"list", "row", "table"}:
                self._take_values(values, changed)
                self._take_rows(event, changed)
            else:
                self._take_other(event)
        self._take_values(values, changed)

    def _take_values(self, values: dict[str, list[Event]], changed: set[str]) -> None:
        for name, events in values.items():
            metric = self._metric(name, "log")
            if self.attempts:
                for row, event in enumerate(events, metric.rows):
                    metric.begin_attempt(self._attempt(event), row)
            metric.add_values(
                [event["t"] for event in events],
                [event["v"] for event in events],
                [event.get("i") for event in events],
                [self._rank(event) for event in events] if self.ranks else (),
            )
        changed.update(values)
        values.clear()

    def _take_rows(self, event: Event, changed: set[str]) -> None:
        kind, at, name = event["k"], event["t"], event["n"]
        metric = self._metric(name, kind)
        metric.begin_attempt(self._attempt(event), metric.rows)
        changed.add(name)
        if kind == "list":
            count = len(event["v"])
            metric.add_values([at] * count, event["v"], ranks=[self._rank(event)] * count if self.ranks else ())
        elif kind == "row":
            metric.add_row(at, event["c"], self._rank(event))
        else:
            metric.add_table(at, event["c"], self._rank(event))

    def _take_other(self, event: Event) -> None:
        kind = event["k"]
        if kind in {"image", "page"}:
            self.shown.append((event["n"], event["f"]))
            if kind == "image":
                self.images.append((event["n"], event["f"]))
        elif kind == "tag":
            self.tags[event["n"]] = event["v"]
        elif kind == "untag":
            self.tags.pop(event["n"], None)
        elif kind == "property":
            self.properties.setdefault(event["n"], event["v"])
        elif kind == "name":
            self.display_name = event["v"]
        elif kind == "description":
            self.description = event["v"] or None
        elif kind == "file":
            self.files[event["n"]] = event["bytes"]
        elif kind == "writer":
            self._take_writer(event)

    def _take_writer(self, event: Event) -> None:
        if event["rank"] is not None:
            self.ranks[event["w"]] = event["rank"]
        if event["attempt"] > 0:
            self.attempts[event["w"]] = event["attempt"] + 1

    def _rank(self, event: Event) -> int:
        return self.ranks.get(event["w"], NO_RANK) if self.ranks else NO_RANK  # events in memory have no writer

    def _attempt(self, event: Event) -> int:
        return self.attempts.get(event["w"], 1) if self.attempts else 1

    def _metric(self, name: str, kind: str) -> Metric:
        metric = self.metrics.get(name)
        if metric is None:
            metric = self.metrics[name] = Metric(name, kind)
        return metric
