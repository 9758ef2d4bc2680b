"""Rows of C that no other test does: what may happen to what is logged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core import Run
from cellrun.core.layout import RunLayout
from cellrun.core.live.metric_window import window
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.lists.index import Index
from cellrun.core.store.status import Status
from tests.core.store.event_samples import events, in_process
from tests.core.submitted_runs import Runs
from tests.faults.invariants import assert_invariants

POINTS, NAMES = 1_000_000, 10_000

TIMED_CALLS = f"""
from time import perf_counter_ns
took = []
for number in range({POINTS}):
    before = perf_counter_ns()
    log.log("loss", number)
    took.append(perf_counter_ns() - before)
for number in range({NAMES}):
    log.log(f"metric {{number}}", number)
print(sorted(took)[len(took) // 2] / 1000)
"""


@pytest.mark.long
@pytest.mark.timeout(600)
def test_c9_a_million_points_and_ten_thousand_names(new_run: Callable[..., RunLayout], home: Path) -> None:
    layout = new_run()
    median_us = float(in_process(TIMED_CALLS, layout).stdout)
    assert median_us < 100
    metrics = Metrics(EventReader(layout))
    metrics.update()
    assert len(metrics.metrics) == 1 + NAMES
    loss = metrics.metrics["loss"]
    assert loss.rows == POINTS
    drawn = window(loss, points=1000)
    assert not drawn["exact"]
    (values,) = (column["values"] for column in drawn["columns"] if column["name"] == "loss")
    assert len(values) <= 1000
    assert (values[0], values[-1]) == (0, POINTS - 1)
    exact = window(loss, low=500_000, high=500_100)
    assert [column["values"] for column in exact["columns"] if column["name"] == "loss"] == [[*range(500_000, 500_101)]]
    (row,) = Index(layout.workspace).runs()
    assert len(row.metrics) == 200
    assert_invariants(home)


ANOTHER_CLOCK = """
import time
ahead_s, real = 0, time.time
time.time = lambda: real() + ahead_s
from cellrun.core import Run
run = Run.get_context()
for number, ahead_s in enumerate((0, -3600, 86400 * 365, 0, -7200)):
    run.log("m", number, step=-number)
"""


def test_c10_the_clock_is_set_back_while_a_run_goes_on(runs: Runs, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job's clock alone: it is what its events have."""
    monkeypatch.setenv("CELLRUN_HEARTBEAT_S", "0.1")
    layout = runs.script(ANOTHER_CLOCK)
    end = runs.end(layout)
    assert end.status is Status.COMPLETED
    assert end.started_at is not None
    assert end.started_at <= end.at
    times = [event["t"] for event in events(layout)]
    assert times == sorted(times)
    assert Run.get(runs.workspace, layout.run_id).get_metrics()["m"] == [*range(5)]
    assert_invariants(home)
