from __future__ import annotations

import shutil
import threading
from collections.abc import Callable

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.metrics_cache import MetricsCache


def rows(cache: MetricsCache, layout: RunLayout) -> int:
    with cache.open(layout) as metrics:
        return metrics.metrics["loss"].rows


def test_it_is_up_to_date(layout: RunLayout, log: EventLog) -> None:
    cache = MetricsCache()
    for count in range(1, 4):
        log.log("loss", 0.5)
        assert rows(cache, layout) == count
    with cache.open(layout) as once:
        pass
    with cache.open(layout) as twice:
        assert twice is once


def test_a_run_that_is_gone_or_was_cut(layout: RunLayout, log: EventLog) -> None:
    cache = MetricsCache()
    log.list_("loss", [1, 2])
    assert rows(cache, layout) == 2
    (path,) = layout.events.iterdir()
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with cache.open(layout) as metrics:
        assert metrics.metrics == {}
    shutil.rmtree(layout.folder)
    with pytest.raises(FileNotFoundError):
        rows(cache, layout)


def test_those_not_asked_for_go_when_there_are_too_many(new_run: Callable[..., RunLayout]) -> None:
    layouts = [new_run() for _ in range(3)]
    for layout in layouts:
        log = EventLog(layout)
        log.list_("loss", list(range(1000)))
        log.close()
    cache = MetricsCache(most_bytes=80_000)  # two of them
    held = []
    for number in (0, 1, 0, 2, 0, 1):
        with cache.open(layouts[number]) as metrics:
            held.append(metrics)
    assert held[0] is held[2] is held[4]
    assert held[1] is not held[5]


def test_many_threads(layout: RunLayout, log: EventLog) -> None:
    cache = MetricsCache()
    log.list_("loss", list(range(100_000)))
    found: list[int] = []
    askers = [threading.Thread(target=lambda: found.append(rows(cache, layout))) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert found == [100_000] * 8
