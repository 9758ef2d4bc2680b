"""What becomes of messages that go through a link with faults."""

import time

import pytest

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.fake.faults import Faults
from cellrun.core.targets.fake.faulty_link import FaultyLink

MESSAGES = [f"{number}".encode() for number in range(400)]


def arrived(folder, **faults):
    Faults(**{"seed": 1, **faults}).write(folder)
    return list(FaultyLink(folder).carry(MESSAGES))


def test_without_faults_all_arrives_in_order(tmp_path):
    assert arrived(tmp_path) == MESSAGES


def test_a_share_is_lost_and_the_rest_stays_in_order(tmp_path):
    found = arrived(tmp_path, loss=0.2)
    assert 0.7 < len(found) / len(MESSAGES) < 0.9
    assert found == sorted(found, key=int)
    assert arrived(tmp_path, loss=1) == []


def test_a_share_is_repeated(tmp_path):
    found = arrived(tmp_path, repetition=0.2)
    assert 1.1 < len(found) / len(MESSAGES) < 1.3
    assert list(dict.fromkeys(found)) == MESSAGES


def test_a_share_comes_later_and_none_is_lost(tmp_path):
    found = arrived(tmp_path, reordering=0.2)
    assert found != MESSAGES
    assert sorted(found, key=int) == MESSAGES


def test_a_seed_makes_the_same_choices_again(tmp_path):
    assert arrived(tmp_path, loss=0.5, reordering=0.5) == arrived(tmp_path, loss=0.5, reordering=0.5)
    assert arrived(tmp_path, loss=0.5) != arrived(tmp_path, loss=0.5, seed=2)


def test_an_exchange_takes_as_long_as_the_delay_and_the_bytes_say(tmp_path):
    Faults(delay_s=0.1, bytes_per_s=10_000).write(tmp_path)
    began = time.monotonic()
    assert list(FaultyLink(tmp_path).carry([bytes(1000)])) == [bytes(1000)]
    assert time.monotonic() - began >= 0.2


def test_faults_are_changed_while_the_link_is_in_use(tmp_path):
    link = FaultyLink(tmp_path)
    assert link.exchange() == Faults()
    Faults(unreachable=True).write(tmp_path)
    with pytest.raises(ComputeTargetException, match="cut off"):
        list(link.carry(MESSAGES))
    Faults(engine="dead").write(tmp_path)
    assert list(link.carry(MESSAGES)) == MESSAGES
    with pytest.raises(ComputeTargetException, match="doesn't answer"):
        link.ask_engine()
