"""Single-use codes."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from cellrun.core.portal.private_server import MOST, VALID_S, Codes
from cellrun.core.store.status import Status, StatusFile


class Clock:
    """A clock that the test moves."""

    now = 1e9

    def __call__(self):
        """Return the time."""
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def codes(tmp_path, clock):
    return Codes(tmp_path / "codes", clock)


@pytest.fixture
def running(new_run):
    """A run that goes on."""
    layout = new_run()
    StatusFile(layout).change(Status.RUNNING)
    return layout


def test_a_code_is_valid_once_for_whoever_is_first(codes, tmp_path, clock):
    code = codes.give()
    assert len(code) >= 40
    assert codes.is_valid(code)
    assert not codes.take(code[:-1])
    others = [Codes(tmp_path / "codes", clock) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda one: one.take(code), others)) == [False] * 7 + [True]
    assert not codes.is_valid(code)
    assert not codes.take("")
    assert not codes.take("../codes")
    assert not codes.take("\udcff")


def test_a_code_is_valid_for_ten_minutes(codes, clock):
    old = codes.give()
    clock.now += VALID_S - 1
    newer = codes.give()
    assert codes.renew()  # there are some to be used
    clock.now += 1
    assert not codes.take(old)
    assert codes.take(newer)
    assert not codes.renew()


def test_a_code_for_a_run_is_valid_while_that_goes_on_and_ten_minutes_after(codes, clock, running):
    code = codes.give(running)
    for _ in range(10):
        clock.now += VALID_S - 1
        assert codes.renew()
    StatusFile(running).change(Status.COMPLETED)
    assert codes.renew()  # it is to be used yet
    assert codes.is_valid(code)
    clock.now += VALID_S
    assert not codes.renew()
    assert not codes.take(code)


def test_a_link_that_was_used_is_wanted_while_its_run_goes_on(codes, clock, running):
    assert codes.take(codes.give(running))
    clock.now += VALID_S - 1
    assert codes.renew()
    clock.now += VALID_S - 1
    assert codes.renew()
    StatusFile(running).change(Status.COMPLETED)
    assert not codes.renew()


def test_a_run_that_is_deleted_is_no_reason_to_go_on(codes, tmp_path, running):
    assert codes.take(codes.give(running))
    running.folder.rename(tmp_path / "gone")
    assert not codes.renew()


def test_codes_that_nobody_uses_are_bounded(codes, clock, monkeypatch):
    monkeypatch.setattr("cellrun.core.portal.private_server.MOST", 20)
    given = []
    for _ in range(25):
        clock.now += 0.1
        given.append(codes.give())
    assert len(set(given)) == len(given)
    assert not codes.take(given[0])
    assert codes.take(given[-1])
    assert MOST >= 1000


def test_what_is_kept_is_the_user_s_alone_and_not_the_code(codes, tmp_path, running):
    code = codes.give(running)
    (kept,) = (tmp_path / "codes").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert code not in kept.name + kept.read_text()
