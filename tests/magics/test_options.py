"""The line of a magic."""

import argparse

import pytest
from IPython.core.error import UsageError

from cellrun.magics.options import seconds, split_line, variable, words


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("", "", None),
        ("digits --cpus 2", "digits --cpus 2", None),
        ("digits -- --lr 1", "digits", "--lr 1"),
        ("-- a", "", "a"),
        ("digits --", "digits", ""),
        ("a -- b -- c", "a", "b -- c"),
    ],
)
def test_the_arguments_follow_the_first_two_dashes(line, before, after):
    assert split_line(line) == (before, after)


def test_words_are_a_shells_words():
    assert words("a 'b c' \"d\" e\\ f $x") == ["a", "b c", "d", "e f", "$x"]
    with pytest.raises(UsageError, match="quotation"):
        words("'a")


@pytest.mark.parametrize(("text", "expected"), [("90", 90), ("1.5s", 1.5), ("10m", 600), ("2h", 7200), ("1d", 86_400)])
def test_durations(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "-3", "10 parsecs", "1m30s"])
def test_no_durations(text):
    with pytest.raises(argparse.ArgumentTypeError, match="10m"):
        seconds(text)


def test_variables():
    assert variable("A=b=c") == ("A", "b=c")
    assert variable("A=") == ("A", "")
    assert variable("A") == ("A", None)
    with pytest.raises(argparse.ArgumentTypeError, match="NAME=VALUE"):
        variable("2A=3")
