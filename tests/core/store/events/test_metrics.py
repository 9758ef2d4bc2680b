from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellrun.core import errors
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.metric import NO_RANK
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.values import plain, plain_list, plain_row, plain_table

GOLDEN = json.loads(Path(__file__).parents[3].joinpath("data", "azure_v1_metric_golden.json").read_text())["cases"]


def metrics_of(layout: RunLayout) -> Metrics:
    metrics = Metrics(EventReader(layout))
    metrics.update()
    return metrics


class StoredRun:
    """The logging calls of a run, as far as the store makes them."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def log(self, name: str, value: Any) -> None:
        self._log.log(name, plain(name, value))

    def log_list(self, name: str, values: Any) -> None:
        self._log.list_(name, plain_list(name, values))

    def log_row(self, name: str, **columns: Any) -> None:
        self._log.row(name, plain_row(name, columns))

    def log_table(self, name: str, columns: Any) -> None:
        self._log.table(name, plain_table(name, columns))


@pytest.mark.parametrize("case", GOLDEN, ids=[case["case"] for case in GOLDEN])
def test_metrics_have_azures_shapes(case: dict[str, Any], layout: RunLayout, log: EventLog) -> None:
    expected = case.get("ours", case["get_metrics"])
    names = {"run": StoredRun(log), "np": np}
    if isinstance(expected, str):
        kind = {"AzureMLException": errors.CellrunError, "UserErrorException": errors.UserErrorException}
        (call,) = case["calls"]
        with pytest.raises(kind[expected.split()[1].rstrip(":")]):
            eval(call, names)
        expected = {}
    else:
        for call in case["calls"]:
            eval(call, names)
    shape = metrics_of(layout).plain()
    assert repr(shape) == repr(expected)  # types and all: 1 is not 1.0


EXACT = [0.1, 1, -0.0, True, None, "a", math.inf, -math.inf, 2**53, 2**53 + 1, 10**400, "NaN", 5e-324, False]


def test_each_value_comes_out_as_it_went_in(layout: RunLayout, log: EventLog) -> None:
    for value in EXACT:
        log.log("one by one", value)
    log.list_("at once", EXACT)
    log.row("row", {str(i): value for i, value in enumerate(EXACT)})
    metrics = metrics_of(layout)
    assert repr(metrics.metrics["one by one"].columns["one by one"].values()) == repr(EXACT)
    assert repr(metrics.metrics["at once"].columns["at once"].values()) == repr(EXACT)
    assert repr([column.last for column in metrics.metrics["row"].columns.values()]) == repr(EXACT)
    column = metrics.metrics["at once"].columns["at once"]
    assert repr(column.values(3, 5)) == repr(EXACT[3:5])
    assert repr(column.values(-2)) == repr(EXACT[-2:])


def test_numbers_are_ready_to_draw(layout: RunLayout, log: EventLog) -> None:
    for value in (1, 2.5, None, "text", math.nan, math.inf, True, 2**60, 10**400):
        log.log("m", value)
    metric = metrics_of(layout).metrics["m"]
    numbers = metric.columns["m"].numbers()
    nan = math.nan
    assert np.array_equal(np.array(numbers), [1, 2.5, nan, nan, nan, math.inf, nan, 2.0**60, math.inf], equal_nan=True)
    assert list(metric.columns["m"].numbers(7)) == [2.0**60, math.inf]
    assert metric.columns["m"].has_number


@pytest.mark.parametrize(
    ("value", "has_number"),
    [(1, True), (0.5, True), (2**60, True), (math.nan, True), ("1", False), (None, False), (True, False)],
)
def test_what_counts_as_a_number(value: Any, has_number: bool, layout: RunLayout, log: EventLog) -> None:
    log.log("m", value)
    assert metrics_of(layout).metrics["m"].columns["m"].has_number is has_number


def test_rows_of_differing_columns_are_filled_with_none(layout: RunLayout, log: EventLog) -> None:
    log.row("m", {"x": 1})
    log.row("m", {"y": 2})
    log.row("m", {})
    log.table("m", {"x": [5, 6], "z": ["a", "b"]})
    metric = metrics_of(layout).metrics["m"]
    assert metric.plain() == {
        "x": [1, None, None, 5, 6],
        "y": [None, 2, None, None, None],
        "z": [None] * 3 + ["a", "b"],
    }
    assert metric.rows == len(metric.times) == 5


def test_plain_values_and_rows_of_one_name(layout: RunLayout, log: EventLog) -> None:
    log.log("m", 1)
    log.row("m", {"x": 2})
    log.list_("m", [3, 4])
    metric = metrics_of(layout).metrics["m"]
    assert metric.kind == "row"
    assert metric.plain() == {"m": [1, None, 3, 4], "x": [None, 2, None, None]}


def test_order_is_kept_between_kinds_of_one_name(layout: RunLayout, log: EventLog) -> None:
    log.log("m", 1)
    log.list_("m", [2, 3])
    log.log("m", 4)
    log.log("n", 5)
    log.log("m", 6)
    assert metrics_of(layout).plain() == {"m": [1, 2, 3, 4, 6], "n": 5}


def test_steps_as_given(layout: RunLayout, log: EventLog) -> None:
    log.log("without", 1)
    log.log("m", 1)
    for step in (10, 5, -1, 2.5, 10):
        log.log("m", 1, step=step)
    log.list_("m", [1])
    log.log("m", 1)
    metrics = metrics_of(layout).metrics
    assert metrics["without"].steps is None
    nan = math.nan
    assert np.array_equal(metrics["m"].steps or [], [nan, 10, 5, -1, 2.5, 10, nan, nan], equal_nan=True)


def test_the_rank_of_who_logged_each_row(layout: RunLayout, log: EventLog) -> None:
    metrics = Metrics(EventReader(layout))
    ranked = [EventLog(layout, rank=rank) for rank in (0, 5)]

    def log_all(writer: EventLog) -> None:
        writer.log("log", 1)
        writer.list_("list", [1, 2])
        writer.row("row", {"x": 1})
        writer.table("table", {"x": [1, 2]})
        metrics.update()

    log_all(log)
    assert {metric.ranks for metric in metrics.metrics.values()} == {None}
    for writer in (*ranked, log):
        log_all(writer)
    assert {name: list(metric.ranks or []) for name, metric in metrics.metrics.items()} == {
        "log": [NO_RANK, 0, 5, NO_RANK],
        "list": [NO_RANK] * 2 + [0] * 2 + [5] * 2 + [NO_RANK] * 2,
        "row": [NO_RANK, 0, 5, NO_RANK],
        "table": [NO_RANK] * 2 + [0] * 2 + [5] * 2 + [NO_RANK] * 2,
    }


def test_an_update_reads_on_and_says_what_changed(layout: RunLayout, log: EventLog) -> None:
    metrics = Metrics(EventReader(layout))
    assert metrics.update() == set()
    log.log("a", 1)
    log.row("b", {"x": 1})
    assert metrics.update() == {"a", "b"}
    assert metrics.update() == set()
    log.list_("a", [2])
    log.tag("k", "v")
    assert metrics.update() == {"a"}
    assert metrics.plain() == {"a": [1, 2], "b": {"x": 1}}


def test_an_update_can_be_bounded(layout: RunLayout, log: EventLog) -> None:
    for value in range(1000):
        log.log("m", value)
    metrics = Metrics(EventReader(layout))
    rows = []
    while metrics.update(10_000):
        rows.append(metrics.metrics["m"].rows)
    assert len(rows) > 5
    assert rows == sorted(set(rows))
    assert rows[-1] == 1000


def test_tags_name_files_and_images(layout: RunLayout, log: EventLog) -> None:
    log.tag("new", "1")
    log.tag("old", None)
    log.untag("gone")
    log.rename("first")
    log.rename("second")
    log.file("model.bin", 3)
    log.image("once", "a.png")
    log.image("twice", "b.png")
    log.image("twice", "c.png")
    metrics = Metrics(EventReader(layout), tags={"old": "x", "gone": "y", "stays": "z"})
    metrics.update()
    assert metrics.tags == {"new": "1", "old": None, "stays": "z"}
    assert metrics.display_name == "second"
    assert metrics.files == {"model.bin": 3}
    assert metrics.images == [("once", "a.png"), ("twice", "b.png"), ("twice", "c.png")]
    address = f"aml://artifactId/ExperimentRun/dcid.{layout.run_id}"
    assert metrics.plain() == {"once": f"{address}/a.png", "twice": [f"{address}/b.png", f"{address}/c.png"]}


@pytest.mark.parametrize("name", ["__proto__", "constructor", "toString", "🚀 loss/épreuve"])
def test_any_name_is_just_a_name(name: str, layout: RunLayout, log: EventLog) -> None:
    log.log(name, 1)
    log.row(f"{name}2", {name: 1})
    assert metrics_of(layout).plain() == {name: 1, f"{name}2": {name: 1}}


def test_events_of_a_newer_cellrun_are_passed_over(layout: RunLayout, log: EventLog) -> None:
    log.log("m", 1)
    with log._lock:
        log._append("hologram", '"k":"hologram","n":"x"')
    log.log("m", 2)
    assert metrics_of(layout).plain() == {"m": [1, 2]}


def test_a_hundred_thousand_points_stay_small(layout: RunLayout, log: EventLog) -> None:
    """A goal of 100 MB for a million; here a tenth of both, in a process of its own."""
    for value in range(100_000):
        log.log("m", value * 0.1)
    program = """
import resource, sys
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
metrics = Metrics(EventReader(RunLayout(sys.argv[1])))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
metrics.update()
print(metrics.metrics["m"].rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(layout.folder)], capture_output=True, text=True, check=True
    )
    rows, grown_kb = map(int, done.stdout.split())
    assert rows == 100_000
    assert grown_kb < 100_000 / 10
