"""Single-use codes."""

from cellrun.server.private.codes import MOST, VALID_S, Codes


class Clock:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self):
        """Return the time."""
        return self.now


def test_a_code_is_valid_once():
    codes = Codes()
    code = codes.give()
    assert len(code) >= 40
    assert not codes.take(code[:-1])
    assert codes.take(code)
    assert not codes.take(code)
    assert not codes.take("")


def test_a_code_is_valid_for_ten_minutes():
    clock = Clock()
    codes = Codes(clock)
    old = codes.give()
    clock.now = VALID_S - 1
    newer = codes.give()
    clock.now = VALID_S
    assert not codes.take(old)
    assert codes.take(newer)


def test_codes_that_nobody_uses_are_bounded():
    codes = Codes()
    given = [codes.give() for _ in range(MOST + 5)]
    assert len(set(given)) == len(given)
    assert not codes.take(given[0])
    assert codes.take(given[-1])
    assert len(codes._ends) <= MOST
