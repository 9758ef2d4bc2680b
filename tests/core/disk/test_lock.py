"""A lock file: held by one, waited for by others, for as long as they have patience."""

from __future__ import annotations

import threading

import pytest

from cellrun.core.disk.lock import hold_lock
from cellrun.core.errors import ComputeTargetException


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


def test_whoever_does_not_wait_is_told_that_it_is_held(path):
    with hold_lock(path, "", None) as is_held:
        assert is_held
        with hold_lock(path, "", None) as is_held_twice:
            assert not is_held_twice
    with hold_lock(path, "", None) as is_held:
        assert is_held


def test_whoever_waits_hears_once_who_holds_it_and_has_it_then(path):
    heard, can_end = [], threading.Event()

    def hold():
        with hold_lock(path, "the first", None):
            can_end.wait()

    def wait(holder):
        heard.append(holder)
        can_end.set()

    first = threading.Thread(target=hold)
    first.start()
    try:
        while not path.exists() or not path.read_text():
            pass
        with hold_lock(path, "the second", wait) as is_held:
            assert (is_held, heard, path.read_text()) == (True, ["the first"], "the second")
    finally:
        can_end.set()
        first.join()


def test_pauses_are_made_between_attempts_until_one_gives_up(path):
    def pauses(_):
        yield from (0.001, 0.001)
        raise ComputeTargetException("gave up")

    with (
        hold_lock(path, "", None),
        pytest.raises(ComputeTargetException, match="gave up"),
        hold_lock(path, "", pauses),
    ):
        pass
    with hold_lock(path, "", pauses) as is_held:
        assert is_held


def test_a_lock_that_its_holder_removed_is_taken_anew(path):
    with hold_lock(path, "", None):
        path.unlink()
    with hold_lock(path, "mine", None):
        assert path.read_text() == "mine"
