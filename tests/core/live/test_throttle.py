"""How often a view is told something, and when it is told everything."""

from itertools import pairwise

from cellrun.core.live.throttle import BYTES_PER_S, FRAME_S, KEYFRAME_BYTES_PER_S, LAST_KEYFRAME_S, Throttle


def keyframe_times(throttle, until_s, size_bytes=100):
    times, now = [], 0.0
    while now < until_s:
        if throttle.allows_frame(now) and throttle.wants_keyframe(now):
            throttle.sent(now, size_bytes, is_keyframe=True)
            times.append(round(now, 2))
        now += 0.01
    return times


def test_at_most_ten_frames_a_second():
    throttle = Throttle()
    throttle.sent(5.0, 100, is_keyframe=False)
    assert not throttle.allows_frame(5.0 + 0.9 * FRAME_S)
    assert throttle.allows_frame(5.0 + 1.01 * FRAME_S)


def test_large_frames_leave_the_server_its_breath():
    throttle = Throttle()
    throttle.sent(0.0, 4 * BYTES_PER_S, is_keyframe=False)
    assert not throttle.allows_frame(3.9)
    assert throttle.allows_frame(4.1)


def test_whole_frames_come_soon_at_first_and_seldom_later():
    times = keyframe_times(Throttle(), 60)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[0] < 0.5
    assert all(gap <= 2.1 * before for before, gap in pairwise(gaps))
    assert max(gaps) < LAST_KEYFRAME_S + 0.1


def test_a_view_that_asked_is_there_and_needs_few_of_them():
    throttle = Throttle()
    throttle.note_hello()
    assert len(keyframe_times(throttle, 35)) == 4


def test_whole_frames_cost_little_however_large_they_are():
    throttle = Throttle()
    throttle.note_hello()
    throttle.sent(0.0, 60 * KEYFRAME_BYTES_PER_S, is_keyframe=True)
    assert not throttle.wants_keyframe(59)
    assert throttle.wants_keyframe(61)
