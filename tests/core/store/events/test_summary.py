from __future__ import annotations

import json
import math
from typing import Any

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.metric_summary import SPARK_POINTS, MetricSummary, y_column
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.events.summary import Summary, listed_summary, read_summaries, run_summary, stale_writers
from tests.core.store.event_samples import in_process


def log_everything(log: EventLog) -> None:
    for value in range(1000):
        log.log("loss", value / 10)
    log.list_("list", [1, math.nan, 2**70, "text"])
    log.row("sine", {"x": 1, "y": 2.5})
    log.row("sine", {"x": 2, "y": 2.75})
    log.row("empty", {})
    log.table("t", {"a": [1, 2], "b": ["x", None]})
    log.tag("kept", "v")
    log.tag("gone", "v")
    log.untag("gone")
    log.rename("a name")


def test_it_says_what_a_list_shows(layout: RunLayout) -> None:
    log = EventLog(layout)
    log_everything(log)
    log.close()
    summary = listed_summary(layout, has_ended=False)
    metrics = summary.metrics
    assert {name: (metric.kind, metric.count, metric.last) for name, metric in metrics.items()} == {
        "loss": ("log", 1000, {"loss": 99.9}),
        "list": ("list", 4, {"list": "text"}),
        "sine": ("row", 2, {"x": 2, "y": 2.75}),
        "empty": ("row", 1, {}),
        "t": ("table", 2, {"a": 2, "b": None}),
    }
    assert metrics["sine"].spark == [2.5, 2.75]
    assert metrics["list"].spark == [1, None, 2.0**70, None]
    assert 30 <= len(metrics["loss"].spark) <= SPARK_POINTS
    assert summary.apply_tags({"gone": "1", "first": "2"}) == {"first": "2", "kept": "v"}
    assert summary.display_name is not None
    assert summary.display_name[1] == "a name"


def test_reading_the_events_comes_to_the_same(layout: RunLayout) -> None:
    log = EventLog(layout)
    log_everything(log)
    log.close()
    again = Summary()
    for events in EventReader(layout).batches():
        for event in events:
            again.apply(event)
    (written,) = read_summaries(layout).values()
    again.offset = written.offset
    assert json.dumps(again.to_json()) == json.dumps(written.to_json())


@pytest.mark.parametrize("sizes", [[1] * 500, [7] * 100, [1000], [59, 1, 1, 2], [60], [61], [3, 500, 1, 1]])
def test_a_spark_line_is_evenly_spread_however_the_values_come(sizes: list[int]) -> None:
    metric = MetricSummary("log")
    row = 0
    for size in sizes:
        metric.add(0, {}, list(range(row, row + size)))
        row += size
    assert len(metric.spark) <= SPARK_POINTS
    assert metric.spark == list(range(0, row, metric.stride))
    assert row <= SPARK_POINTS or len(metric.spark) >= SPARK_POINTS // 2


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"x": 1, "y": 2, "z": 3}, "y"),
        ({"name": "a", "y": 2}, "y"),
        ({"a": "b"}, None),
        ({}, None),
        ({"b": True}, None),
    ],
)
def test_what_is_drawn_of_a_row(row: dict[str, object], column: str | None) -> None:
    assert y_column(row) == column


def test_numbers_too_large_to_draw_are_gaps() -> None:
    metric = MetricSummary("log")
    for value in (1, 10**400, -math.inf, math.nan, 0.5):
        metric.add(0, {"m": value}, (value,))
    assert metric.numbers() == [1, None, None, None, 0.5]
    assert repr(MetricSummary.from_json(json.loads(json.dumps(metric.to_json()))).last) == "{'m': 0.5}"


def test_writers_are_merged_the_later_wins(layout: RunLayout) -> None:
    one, other = EventLog(layout), EventLog(layout)
    one.log("m", 1)
    one.tag("k", "one")
    one.rename("one")
    other.log("m", 2)
    other.log("m", 3)
    other.tag("k", "other")
    other.rename("other")
    one.log("m", 4)
    one.close()
    other.close()
    summary = listed_summary(layout, has_ended=True)
    assert (summary.metrics["m"].count, summary.metrics["m"].last) == (4, {"m": 4})
    assert summary.apply_tags({}) == {"k": "other"}
    assert summary.display_name is not None
    assert summary.display_name[1] == "other"


def test_what_a_killed_writer_had_not_summed_up_is_read_once(layout: RunLayout) -> None:
    in_process(
        """
import os
for i in range(5):
    log.log("m", i)
log._flusher.flush()
for i in range(5, 8):
    log.log("m", i)
os._exit(0)
""",
        layout,
    )
    (path,) = layout.events.iterdir()
    with path.open("ab") as file:
        file.write(b"torn")
    assert listed_summary(layout, has_ended=False).metrics["m"].count == 5
    assert run_summary(layout).metrics["m"].count == 8
    assert read_summaries(layout)[path.stem].metrics["m"].count == 5  # whoever looks writes nothing
    assert set(stale_writers(layout, read_summaries(layout))) == {path.stem}
    assert listed_summary(layout, has_ended=True).metrics["m"].last == {"m": 7}
    assert read_summaries(layout)[path.stem].metrics["m"].count == 8
    assert stale_writers(layout, read_summaries(layout)) == {}


@pytest.mark.parametrize("damaged", ["", "{", "[]", "{}"])
def test_a_damaged_summary_is_made_again_from_the_events(damaged: str, layout: RunLayout) -> None:
    log = EventLog(layout)
    log.log("m", 1)
    log.close()
    (path,) = layout.summaries.iterdir()
    path.write_text(damaged)
    assert run_summary(layout).metrics["m"].last == {"m": 1}
    assert listed_summary(layout, has_ended=True).metrics["m"].last == {"m": 1}
    assert read_summaries(layout)[path.stem].metrics["m"].count == 1


def test_a_writer_killed_before_its_first_summary(layout: RunLayout) -> None:
    in_process("import os; log.log('m', 1); os._exit(0)", layout)
    assert read_summaries(layout) == {}
    assert listed_summary(layout, has_ended=True).metrics["m"].last == {"m": 1}
    assert len(read_summaries(layout)) == 1


def rows(**columns: list[Any]) -> MetricSummary:
    summary = Summary()
    for cells in zip(*columns.values(), strict=True):
        summary.row(1.0, "by row", dict(zip(columns, cells, strict=True)))
    half = next(len(cells) // 2 for cells in columns.values())
    summary.table(1.0, "by table", {name: cells[:half] for name, cells in columns.items()})
    read = Summary.from_json(json.loads(json.dumps(summary.to_json())))  # it goes on where another left it
    read.table(2.0, "by table", {name: cells[half:] for name, cells in columns.items()})
    by_row, by_table = read.metrics["by row"], read.metrics["by table"]
    assert by_row.numbers() == by_table.numbers()
    merged = MetricSummary("row")
    merged.merge(by_row)
    assert merged.numbers() == by_row.numbers()
    return by_row


def test_rows_over_an_x_that_runs_one_way_have_a_course() -> None:
    assert rows(x=[1, 2, 2, 2.5], y=[4.0, 3.0, 2.0, 1.0]).numbers() == [4.0, 3.0, 2.0, 1.0]
    assert rows(x=[4, 3, None, 1], y=[4.0, 3.0, 2.0, 1.0], best=[True, None, False, True]).count == 4
    assert rows(x=[2**70, 2**71, 2**2000, 2**2001], y=[1, 2, 3, 4]).numbers() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "columns",
    [
        {"x": [1, 2, 1, 2], "y": [1, 2, 3, 4]},
        {"x": [1, 2, 3, 2], "y": [1, 2, 3, 4]},
        {"label": ["cat", "dog", "cow", "hen"], "precision": [0.5, 0.6, 0.7, 0.8], "recall": [0.5, 0.6, 0.7, 0.8]},
    ],
)
def test_tables_have_none(columns: dict[str, list[Any]]) -> None:
    assert rows(**columns).numbers() == []
