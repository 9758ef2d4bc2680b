"""When a target is asked next."""

import pytest

from cellrun.core.targets.keeper.schedule import (
    FIRST_RETRY_S,
    REFUSED_RETRY_S,
    UNWATCHED_PAUSE_S,
    WATCHED_PAUSE_S,
    WATCHED_S,
    PassSchedule,
)


def latest(_, most):
    return most


def test_one_that_somebody_watches_is_asked_four_times_a_second_and_else_every_15_seconds():
    schedule = PassSchedule()
    assert schedule.pause_s(100.0, is_more_left=False) == UNWATCHED_PAUSE_S == 15
    schedule.watch(100.0)
    assert schedule.pause_s(100.0 + WATCHED_S - 0.1, is_more_left=False) == WATCHED_PAUSE_S == 0.25
    assert schedule.pause_s(100.0 + WATCHED_S, is_more_left=False) == UNWATCHED_PAUSE_S


def test_what_is_on_its_way_is_gone_on_with_at_once():
    assert PassSchedule().pause_s(100.0, is_more_left=True) == WATCHED_PAUSE_S


def test_one_that_fails_is_asked_later_and_later_up_to_a_minute_or_ten_seconds_while_somebody_watches():
    schedule = PassSchedule(latest)
    schedule.watch(100.0)
    pauses, watched = [], []
    for _ in range(8):
        schedule.failed(is_refused=False)
        pauses.append(schedule.pause_s(200.0, is_more_left=True))
        watched.append(schedule.pause_s(100.0, is_more_left=False))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert watched == [1, 2, 4, 8, 10, 10, 10, 10]
    schedule.well()
    assert schedule.pause_s(100.0, is_more_left=False) == WATCHED_PAUSE_S
    schedule.failed(is_refused=False)
    assert schedule.pause_s(100.0, is_more_left=False) == 1


def test_many_do_not_come_back_all_at_once():
    bounds = []
    schedule = PassSchedule(lambda least, most: bounds.append((least, most)) or least)
    for _ in range(7):
        schedule.failed(is_refused=False)
    assert bounds[-1] == (30, 60)
    assert schedule.pause_s(0.0, is_more_left=False) == 30


@pytest.mark.parametrize("is_more_left", [True, False])
def test_one_that_refuses_this_user_is_asked_again_while_somebody_watches_and_not_by_itself(is_more_left):
    schedule = PassSchedule()
    schedule.watch(100.0)
    schedule.failed(is_refused=True)
    assert schedule.pause_s(100.0, is_more_left=is_more_left) == REFUSED_RETRY_S
    schedule = PassSchedule()
    schedule.failed(is_refused=True)
    assert schedule.is_paused
    assert schedule.pause_s(0.0, is_more_left=is_more_left) is None
    schedule.failed(is_refused=False)
    assert schedule.pause_s(0.0, is_more_left=is_more_left) is not None


def test_where_one_has_found_room_those_that_wait_are_looked_at_soon_and_ever_more_seldom():
    schedule = PassSchedule()
    schedule.started(100.0, others_wait=True)
    pauses = [schedule.pause_s(100.0 + since, is_more_left=False) for since in (0.0, 2.0, 20.0, 59.0, 61.0)]
    assert pauses == [0.01, 0.5, 5.0, 14.75, UNWATCHED_PAUSE_S]
    schedule.watch(120.0)
    assert schedule.pause_s(120.0, is_more_left=False) == WATCHED_PAUSE_S
    schedule.started(200.0)
    assert schedule.pause_s(202.0, is_more_left=False) == UNWATCHED_PAUSE_S


def test_after_a_start_passes_come_in_quick_succession_for_a_second():
    schedule = PassSchedule()
    schedule.started(10.0)
    assert [schedule.pause_s(10.0 + since, is_more_left=False) for since in (0.0, 0.5)] == [0.01, 0.125]
    assert schedule.pause_s(11.1, is_more_left=False) == UNWATCHED_PAUSE_S
    schedule.failed(is_refused=False)
    assert schedule.pause_s(10.5, is_more_left=False) >= FIRST_RETRY_S
