"""How often somebody may ask."""

from __future__ import annotations

from cellrun.server.rate_limit import RateLimit


def test_a_burst_then_so_many_a_second() -> None:
    now = [0.0]
    limit = RateLimit(2.0, 3, clock=lambda: now[0])
    assert [limit.take("a") for _ in range(3)] == [0, 0, 0]
    assert limit.take("a") == 0.5
    assert limit.take("b") == 0  # others have their own
    now[0] = 0.5
    assert limit.take("a") == 0
    assert limit.take("a") == 0.5
    now[0] = 100.0
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_it_forgets_who_asked_long_ago() -> None:
    limit = RateLimit(1.0, 1, clock=lambda: 0.0)
    for who in range(20_000):
        limit.take(str(who))
    assert len(limit._left) <= 10_000
    assert limit.take("19999") > 0
