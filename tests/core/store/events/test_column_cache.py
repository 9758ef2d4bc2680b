from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.store.events import column_cache
from cellrun.core.store.events.column_cache import ColumnCache
from cellrun.core.store.events.event_line import open_line, seal
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.status import Status, StatusFile
from tests.core.store.event_samples import in_process


@pytest.fixture(autouse=True)
def short_is_long(monkeypatch: pytest.MonkeyPatch, layout: RunLayout) -> None:
    """Let short logs be kept too."""
    monkeypatch.setattr(column_cache, "_LONG_BYTES", 1)
    layout.workspace.record.write_text(json.dumps({"id": "w", "name": "w"}))


def read(layout: RunLayout) -> Metrics:
    """Read all without a cache."""
    metrics = Metrics(EventReader(layout), {"given": "1"})
    metrics.update()
    return metrics


def keep(layout: RunLayout) -> None:
    ColumnCache(layout).keep(read(layout))


def kept(layout: RunLayout) -> Metrics:
    return ColumnCache(layout).metrics({"given": "1"})


def told(metrics: Metrics) -> str:
    """All that metrics say, so that two can be compared, NaN included."""
    columns = {
        name: {
            "kind": metric.kind,
            "rows": metric.rows,
            "times": metric.times.tolist(),
            "steps": metric.steps and metric.steps.tolist(),
            "ranks": metric.ranks and metric.ranks.tolist(),
            "attempts": metric.attempts,
            "columns": {
                column: [column_values.values(), column_values.numbers().tolist(), column_values.has_number]
                for column, column_values in metric.columns.items()
            },
        }
        for name, metric in metrics.metrics.items()
    }
    rest = [metrics.images, metrics.tags, metrics.files, metrics.display_name, metrics.ranks, metrics.plain()]
    return repr([columns, rest, sorted(metrics.reader.cursor.items()), metrics.reader.damage])


def fill(log: EventLog) -> None:
    """Log one of everything."""
    for value in (0.5, 3, True, None, "text", math.nan, math.inf, -math.inf, 2**70, 0.1, "\ud800"):
        log.log("any", value)
    log.log("stepped", 1.5, 10)
    log.log("stepped", 2.5)
    log.list_("list", [1, 2, 3.5])
    log.row("row", {"x": 1, "y": 2.5})
    log.row("row", {"x": 2, "z": "late"})
    log.table("table", {"a": [1, 2], "b": ["x", None]})
    log.tag("team", "red")
    log.rename("best")


def test_what_is_kept_is_what_was_read(layout: RunLayout, log: EventLog) -> None:
    fill(log)
    keep(layout)
    assert told(kept(layout)) == told(read(layout))


def test_the_reader_goes_on_where_it_ended(layout: RunLayout, log: EventLog) -> None:
    fill(log)
    keep(layout)
    fill(log)
    metrics = kept(layout)
    before = metrics.reader.cursor
    assert metrics.update() == {"any", "stepped", "list", "row", "table"}
    assert sum(before.values()) > 0
    assert told(metrics) == told(read(layout))


def test_several_writers_with_ranks(layout: RunLayout, log: EventLog) -> None:
    other = EventLog(layout, rank=1)
    for step in range(10):
        log.log("loss", step)
        other.log("loss", -step)
    keep(layout)
    later = EventLog(layout, rank=2)
    for each in (log, other, later):
        each.log("loss", 100)
    metrics = kept(layout)
    metrics.update()
    assert told(metrics) == told(read(layout))
    other.close()
    later.close()


def test_of_a_run_that_was_started_again_each_start_is_known(layout: RunLayout, log: EventLog) -> None:
    for step in (1, 2, 3):
        log.row("curve", {"epoch": step, "acc": 0.5})
    log.log("loss", 1.0)
    log.close()
    again = EventLog(layout, attempt=1)
    again.log("loss", 2.0)
    again.log("loss", 3.0)
    for step in (2, 3):
        again.row("curve", {"epoch": step, "acc": 0.5})
    keep(layout)
    for metrics in (read(layout), kept(layout)):
        assert {name: metric.attempts for name, metric in metrics.metrics.items()} == {
            "curve": [(2, 3)],
            "loss": [(2, 1)],
        }
        assert metrics.metrics["curve"].columns["epoch"].is_ordered
    again.row("curve", {"epoch": 1, "acc": 0.5})
    again.close()
    for metrics in (read(layout), kept(layout)):
        metrics.update()
        assert metrics.metrics["curve"].attempts == [(2, 3)]
        assert not metrics.metrics["curve"].columns["epoch"].is_ordered


def test_damage_is_told_again(layout: RunLayout, log: EventLog) -> None:
    fill(log)
    (path,) = layout.events.iterdir()
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"v":0.5', b'"v":0.7'))
    keep(layout)
    assert len(kept(layout).reader.damage) == 1
    assert told(kept(layout)) == told(read(layout))


def _edit(path: Path) -> None:
    """Change one value in place, its checksum too: no size changes."""
    lines = path.read_bytes().split(b"\n")
    bodies = [open_line(line) for line in lines[:-1]]
    path.write_bytes(b"".join(seal(body.replace(b'"v":0.5', b'"v":0.7')) for body in bodies if body))


def _edit_secretly(path: Path) -> None:
    """Change one value, and give the file its old time."""
    found = path.stat()
    _edit(path)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def _cut(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))


@pytest.mark.parametrize("change", [_edit, _edit_secretly, _cut, Path.unlink])
def test_it_is_not_used_once_the_events_are_others(
    change: Callable[[Path], Any], layout: RunLayout, log: EventLog
) -> None:
    fill(log)
    keep(layout)
    (path,) = layout.events.iterdir()
    change(path)
    metrics = kept(layout)
    assert metrics.reader.cursor == {}
    metrics.update()
    assert told(metrics) == told(read(layout))


def test_an_edit_and_an_addition(layout: RunLayout, log: EventLog) -> None:
    fill(log)
    keep(layout)
    (path,) = layout.events.iterdir()
    _edit(path)
    log.log("any", 1)
    assert kept(layout).reader.cursor == {}


@pytest.mark.parametrize("how", ["flipped", "cut", "empty", "text", "newer"])
def test_a_damaged_one_is_passed_over(how: str, layout: RunLayout, log: EventLog) -> None:
    fill(log)
    keep(layout)
    path = ColumnCache(layout).path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    changed = {
        "flipped": bytes(data),
        "cut": path.read_bytes()[:-1],
        "empty": b"",
        "text": b"none of ours" * 100,
        "newer": path.read_bytes().replace(b"columns 3", b"columns 4"),
    }
    path.write_bytes(changed[how])
    assert kept(layout).reader.cursor == {}
    keep(layout)
    assert told(kept(layout)) == told(read(layout))


def test_it_is_written_when_much_is_new(layout: RunLayout, log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_cache, "_LONG_BYTES", 2000)
    cache = ColumnCache(layout)
    metrics = cache.metrics()
    sizes = []
    for step in range(400):
        log.log("loss", step)
        metrics.update()
        cache.keep(metrics)
        if ColumnCache(layout).path.exists():
            sizes.append(ColumnCache(layout).path.stat().st_size)
    assert 3 <= len(set(sizes)) <= 15
    assert [path.name for path in ColumnCache(layout).path.parent.iterdir()] == [layout.run_id]
    assert ColumnCache(layout).path.stat().st_mode & 0o077 == 0


def test_together_they_stay_below_the_limit(new_run: Callable[..., RunLayout], monkeypatch: pytest.MonkeyPatch) -> None:
    layouts = [new_run() for _ in range(4)]
    for number, layout in enumerate(layouts):
        log = EventLog(layout)
        log.list_("loss", list(range(10_000)))
        log.close()
        keep(layout)
        os.utime(ColumnCache(layout).path, (number, number))
    kept(layouts[0])  # it was of use just now
    size = ColumnCache(layouts[0]).path.stat().st_size
    monkeypatch.setenv("CELLRUN_COLUMN_CACHE_BYTES", str(int(2.5 * size)))
    ColumnCache(layouts[3]).path.unlink()
    keep(layouts[3])
    assert [ColumnCache(layout).path.exists() for layout in layouts] == [True, False, False, True]


def test_a_run_outside_a_workspace_keeps_nothing(layout: RunLayout, log: EventLog) -> None:
    layout.workspace.record.unlink()
    fill(log)
    keep(layout)
    assert not ColumnCache(layout).path.exists()


def test_where_nothing_can_be_written_it_goes_on(layout: RunLayout, log: EventLog, home: Path) -> None:
    fill(log)
    (home / "cache").write_text("no folder")
    keep(layout)
    assert kept(layout).reader.cursor == {}


def test_two_processes_at_once(layout: RunLayout) -> None:
    log = EventLog(layout)
    program = """
import sys
from cellrun.core.store.events import column_cache
from cellrun.core.layout import RunLayout
column_cache._LONG_BYTES = 1
column_cache._SHARE = 0
layout = RunLayout(sys.argv[1])
for _ in range(60):
    cache = column_cache.ColumnCache(layout)
    metrics = cache.metrics()
    metrics.update()
    values = metrics.metrics["loss"].columns["loss"].values() if metrics.metrics else []
    assert values == list(range(len(values))), values
    cache.keep(metrics)
"""
    readers = [subprocess.Popen([sys.executable, "-c", program, str(layout.folder)]) for _ in range(2)]
    step = 0
    while any(reader.poll() is None for reader in readers):
        log.log("loss", step)
        step += 1
        time.sleep(0.002)
    log.close()
    assert [reader.returncode for reader in readers] == [0, 0]
    assert kept(layout).metrics["loss"].rows > 0


def test_what_logs_and_asks_for_its_metrics_keeps_nothing(layout: RunLayout) -> None:
    code = """
from cellrun.core.runs.reader import RunReader
from cellrun.core.store.events import column_cache
column_cache._LONG_BYTES = 1
log.list_("loss", list(range(1000)))
assert len(RunReader(RunLayout(sys.argv[1])).metrics(None)["loss"]) == 1000
log.close()
"""
    in_process(code, layout)
    assert not ColumnCache(layout).path.exists()


def test_the_live_views_first_look_takes_it(layout: RunLayout, log: EventLog) -> None:
    fill(log)
    log.close()
    StatusFile(layout).change(Status.COMPLETED)
    first = RunPoller(layout)
    news = first.poll()
    assert ColumnCache(layout).path.exists()
    again = RunPoller(layout)
    assert kept(layout).reader.cursor != {}
    other = again.poll()
    assert again.has_ended  # there was nothing left to read
    assert [metric.name for metric in other.metrics] == [metric.name for metric in news.metrics]
    assert other.header == news.header
    written_ns = ColumnCache(layout).path.stat().st_mtime_ns
    for poller in (first, again):
        poller.poll()
        poller.poll()
    assert ColumnCache(layout).path.stat().st_mtime_ns == written_ns  # what was let go isn't kept
