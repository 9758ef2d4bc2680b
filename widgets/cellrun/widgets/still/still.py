"""A run as a still shows it: who and how it is, its last numbers, its curves, the end of its log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cellrun.core.layout import RunLayout
from cellrun.core.live.downsample import Floats
from cellrun.core.live.feed import Feed
from cellrun.core.live.frame import ColumnPart, Frame, MetricPart
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.live.series import Series, series
from cellrun.core.resources import elapsed_text
from cellrun.core.store.events.event_line import decode_value
from cellrun.core.store.status import Status
from cellrun.widgets.still.documents import document_tables
from cellrun.widgets.text import log_lines, sign, value_text

CHARTS = 8
TILES = 16
TABLES, TABLE_ROWS, TABLE_COLUMNS = 4, 5, 8
LOG_LINES = 20
MOST_LOOKS = 1000


@dataclass(frozen=True)
class Curve:
    """One line of a chart: numbers in row order, NaN a gap. `latest` is its last value, to be read."""

    name: str
    x: Floats
    y: Floats
    latest: str


@dataclass(frozen=True)
class Chart:
    """A metric's curves; `latest` is the last value of the last one."""

    title: str
    subtitle: str
    curves: Sequence[Curve]

    @property
    def latest(self) -> str:
        """The value that stands for the metric."""
        return self.curves[-1].latest


@dataclass(frozen=True)
class Table:
    """A metric that is no series: its first rows, each parallel to `columns`; `rest` says what is left out.

    `shares`: of a heatmap, how full each cell is, from 0 to 1.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    rest: str
    shares: Sequence[Sequence[float]] = ()


@dataclass(frozen=True)
class Still:
    """A run at a moment. `number` is its place in its experiment, `facts` say who it is, `failure` why it failed.

    `more` counts the metrics that have no room.
    """

    number: int
    status: Status
    sign: str
    name: str
    facts: Sequence[str]
    failure: Sequence[str]
    tiles: Sequence[tuple[str, str]]
    charts: Sequence[Chart]
    tables: Sequence[Table]
    more: int
    log: Sequence[str]
    at: float

    @classmethod
    def of(cls, layout: RunLayout) -> Still:
        """Read a run's folder as a live view would. Raises OSError or RunNotFoundError when it is gone."""
        frame = _frame(layout)
        header = frame.header or {}
        shown = [(part, series(part.shape)) for part in frame.metrics]
        tiles = [_tile(part, found) for part, found in shown if found.kind == "tile"]
        charts = [_chart(part, found) for part, found in shown if found.kind == "chart"]
        tables = [Table(*found) for found in document_tables(frame.images)]
        tables += [_table(part, found) for part, found in shown if found.kind == "table"]
        return cls(
            number=header["number"],
            status=Status(header["status"]),
            sign=sign(header["status"]),
            name=header["name"],
            facts=[fact for fact in _facts(header) if fact],
            failure=[text for text in (header["error"] or {}).values() if text],
            tiles=tiles[:TILES],
            charts=charts[:CHARTS],
            tables=tables[:TABLES],
            more=len(tiles[TILES:]) + len(charts[CHARTS:]) + len(tables[TABLES:]),
            log=log_lines(layout, LOG_LINES),
            at=time.time(),
        )

    @property
    def taken(self) -> str:
        """When it was taken: of a run that went on to the second, and said to be so."""
        if self.status.is_terminal:
            return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.at))
        return time.strftime("taken %Y-%m-%d %H:%M:%S, before its end", time.localtime(self.at))


def _frame(layout: RunLayout) -> Frame:
    """Return all that a view of the run would show now."""
    poller = RunPoller(layout)
    feed = Feed(poller.read_log, poller.read_image)
    for _ in range(MOST_LOOKS):  # a run that logs on has no end to wait for
        news = poller.poll()
        feed.take(news)
        if poller.has_ended or not news.metrics:
            break
    return feed.whole(time.monotonic())


def _facts(header: dict[str, Any]) -> list[str]:
    where = " · ".join(filter(None, [header["target"], header["resources"]]))
    return [header["experiment"], where, elapsed_text(header["elapsed_s"]), header["arguments"]]


def _tile(part: MetricPart, found: Series) -> tuple[str, str]:
    """Return a metric's name and its last value, or its last row."""
    lasts = {column.name: value_text(decode_value(column.last)) for column in part.columns}
    wanted = {name: lasts[name] for name in found.lines if name in lasts} or lasts
    if list(wanted) == [part.name]:
        return part.name, wanted[part.name]
    return part.name, " · ".join(f"{name} {text}" for name, text in wanted.items())


def _chart(part: MetricPart, found: Series) -> Chart:
    columns = {column.name: column for column in part.columns}
    numbers = {name: column.numbers for name, column in columns.items() if column.numbers is not None}
    x = numbers[found.x or ""]
    curves = [
        Curve(name, x, numbers[name], value_text(decode_value(columns[name].last)))
        for name in found.lines
        if name in numbers
    ]
    return Chart(found.title, found.subtitle, curves)


def _table(part: MetricPart, found: Series) -> Table:
    columns = {column.name: column for column in part.columns}
    wanted = [columns[name] for name in found.lines if name in columns]
    shown = wanted[:TABLE_COLUMNS]
    rows = [[_cell(column, row) for column in shown] for row in range(min(part.length, TABLE_ROWS))]
    rest = [f"first {len(rows)} of {part.rows} rows"] if part.rows > len(rows) else []
    if more := len(wanted) - len(shown):
        rest.append(f"{more} more columns")
    return Table(part.name, [column.name for column in shown], rows, " · ".join(rest))


def _cell(column: ColumnPart, row: int) -> str:
    """Return a table's cell as it is read: of a column of numbers, one that isn't whole is rounded."""
    text = (column.text or ())[row]
    if text is None:
        return ""
    if column.type == "number" and not text.lstrip("-").isdecimal():
        with suppress(ValueError):  # a text among the numbers
            return value_text(float(text))
    return text
