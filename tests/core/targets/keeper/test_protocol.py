"""What is said between the keeper and those who ask it."""

import json

import pytest

from cellrun.core.targets.contract import JobState, Observation
from cellrun.core.targets.keeper.protocol import is_older, line_of, observations_of, observations_to_json, parsed


def test_a_message_is_one_line_and_comes_back_with_who_sent_it():
    line = line_of({"order": "look", "workspace": "/a\nb\udcff"})
    assert line.count(b"\n") == 1
    message = parsed(line)
    assert (message["order"], message["workspace"], message["protocol"]) == ("look", "/a\nb\udcff", 1)
    assert message["cellrun"]


@pytest.mark.parametrize("line", [b"", b"\n", b"{", b"[1]\n", b"{}\n", b'{"protocol": "1"}\n', b"\xff\n"])
def test_what_is_no_message_is_a_value_error(line):
    with pytest.raises(ValueError, match=r".+"):
        parsed(line)


@pytest.mark.parametrize(
    ("version", "than", "expected"),
    [("0.1.0", "0.2.0", True), ("0.2.0", "0.2.0", False), ("0.10.0", "0.9.1", False), ("0.9.1", "0.10.0", True)],
)
def test_versions_are_compared_by_their_numbers(version, than, expected):
    assert is_older(version, than) is expected


def test_what_an_engine_says_comes_back_as_it_was():
    said = {"a": Observation(JobState.WAITING, "2 before it"), "b": Observation(JobState.ENDED)}
    assert observations_of(json.loads(json.dumps(observations_to_json(said)))) == said
