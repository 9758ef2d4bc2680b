"""How often somebody may ask."""

from __future__ import annotations

from cellrun.server.allowance import Allowance


def test_a_burst_then_so_many_a_second() -> None:
    now = [0.0]
    allowance = Allowance(2.0, 3, clock=lambda: now[0])
    assert [allowance.take("a") for _ in range(3)] == [0, 0, 0]
    assert allowance.take("a") == 0.5
    assert allowance.take("b") == 0  # others have their own
    now[0] = 0.5
    assert allowance.take("a") == 0
    assert allowance.take("a") == 0.5
    now[0] = 100.0
    assert [allowance.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_it_forgets_who_asked_long_ago() -> None:
    allowance = Allowance(1.0, 1, clock=lambda: 0.0)
    for who in range(20_000):
        allowance.take(str(who))
    assert len(allowance._left) <= 10_000
    assert allowance.take("19999") > 0
