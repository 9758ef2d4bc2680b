from __future__ import annotations

import pytest

from cellrun.core.store.lists import throttle
from cellrun.core.store.lists.throttle import CostThrottle


class Clock:
    """The time of the day and the thread's own, set by hand."""

    now = 100.0
    worked = 5.0

    def monotonic(self) -> float:
        return self.now

    def thread_time(self) -> float:
        return self.worked


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(throttle, "time", made)
    return made


def work(spared: CostThrottle, clock: Clock, took_s: float) -> None:
    with spared.work():
        clock.worked += took_s
        clock.now += 10 * took_s  # a busy machine: it isn't the work's fault


def test_cheap_work_is_always_due(clock: Clock) -> None:
    spared = CostThrottle()
    assert spared.is_due
    work(spared, clock, 0.001)
    assert spared.is_due


def test_costly_work_is_due_again_after_fifty_times_what_it_took(clock: Clock) -> None:
    spared = CostThrottle()
    work(spared, clock, 0.1)
    assert not spared.is_due
    clock.now += 4.9
    assert not spared.is_due
    clock.now += 0.2
    assert spared.is_due
    work(spared, clock, 0.001)
    assert spared.is_due
