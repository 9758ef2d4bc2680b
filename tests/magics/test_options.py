"""The line of a magic."""

import argparse

import pytest
from IPython.core.error import UsageError

from cellrun.magics.options import MagicParser, python_name, seconds, split_line, unquoted, variable


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("", "", None),
        ("digits --cpus 2", "digits --cpus 2", None),
        ("digits -- --lr 1", "digits", "--lr 1"),
        ("-- a", "", "a"),
        ("digits --", "digits", ""),
        ("a -- b -- c", "a", "b -- c"),
        ("--name 'a -- b' e -- c", "--name 'a -- b' e", "c"),
        ('--name "it\'s -- \\" -- b" -- c', '--name "it\'s -- \\" -- b"', "c"),
        ("it\\'s -- don't", "it\\'s", "don't"),
        ("digits  # why -- not", "digits  # why -- not", None),
        ("digits -- a # b", "digits", "a # b"),
    ],
)
def test_the_arguments_follow_the_first_two_dashes(line, before, after):
    assert split_line(line) == (before, after)


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_who_asks_for_help_gets_it(word):
    parser = MagicParser("magic", "%magic sample")
    parser.add_argument("--wait", action="store_true", help="until it has ended")
    with pytest.raises(UsageError, match=r"(?s)%magic in short:\n +%magic.*--wait +until it has ended"):
        parser.parse_line(f"x {word}")


def test_words_are_a_shells_words():
    parser = MagicParser("magic", "%magic sample")
    assert parser.words("a 'b c' \"d\" e\\ f $x") == ["a", "b c", "d", "e f", "$x"]
    assert parser.words("digits   # it's an example") == ["digits"]
    assert parser.words("'# a' #fff a#b c #") == ["# a", "#fff", "a#b", "c"]
    with pytest.raises(UsageError, match=r"(?s)quotation.*%magic\?.*%magic sample"):
        parser.words("'a")


@pytest.fixture
def parser():
    """A parser with options, whose cells have arguments."""
    made = MagicParser("magic", "%magic sample", takes_arguments=True)
    made.add_argument("experiment", nargs="?")
    for option in ("--cpus", "--memory", "--name", "--timeout", "--with"):
        made.add_argument(option)
    return made


@pytest.mark.parametrize(
    ("line", "meant", "after"),
    [
        ("--lr 0.1", None, "-- --lr 0.1"),
        ("digits --cpus 2 --lr 0.1 --timeout 3", None, "-- --lr 0.1"),
        ("digits --lr=0.1", None, "-- --lr=0.1"),
        ("digits --quick --cpus 2", None, "-- --quick"),
        ("digits -e 3", None, "-- -e 3"),
        ("digits more", None, "-- more"),
        ("digits --title 'a b'", None, "-- --title 'a b'"),
        ("digits --cpu 2", "--cpus", "-- --cpu 2"),
        ("digits --mem=4G", "--memory", "-- --mem=4G"),
        ("digits --timout 3", "--timeout", "-- --timout 3"),
    ],
)
def test_what_is_no_option_is_for_the_cell_or_a_slip(parser, line, meant, after):
    with pytest.raises(UsageError) as caught:
        parser.parse_line(line)
    said = str(caught.value)
    assert f"come after ` -- `, as in {after};" in said
    assert ("did you mean" in said) == (meant is not None)
    assert meant is None or f"did you mean {meant}?" in said


def test_the_sample_is_shown_once(parser):
    for count in (1, 0, 0):
        with pytest.raises(UsageError, match="%magic\\? explains the options") as caught:
            parser.parse_line("--nonsense")
        assert str(caught.value).count("%magic sample") == count


@pytest.mark.parametrize(
    ("given", "command"),
    [("'A=1 && b'", "A=1 && b"), ("ls", "ls"), ("echo 'a b'", "echo 'a b'"), ("echo it's", "echo it's"), ("", "")],
)
def test_quotes_around_a_whole_command_are_not_part_of_it(given, command):
    assert unquoted(given) == command


@pytest.mark.parametrize(("text", "expected"), [("90", 90), ("1.5s", 1.5), ("10m", 600), ("2h", 7200), ("1d", 86_400)])
def test_durations(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "-3", "10 parsecs", "1m30s"])
def test_no_durations(text):
    with pytest.raises(argparse.ArgumentTypeError, match="10m"):
        seconds(text)


def test_variables(monkeypatch):
    monkeypatch.setenv("OF_THE_NOTEBOOK", "kept")
    assert variable("A=b=c") == ("A", "b=c")
    assert variable("A=") == ("A", "")
    assert variable("OF_THE_NOTEBOOK") == ("OF_THE_NOTEBOOK", "kept")
    with pytest.raises(argparse.ArgumentTypeError, match="NOT_THERE_AT_ALL=VALUE"):
        variable("NOT_THERE_AT_ALL")
    with pytest.raises(argparse.ArgumentTypeError, match="NAME=VALUE"):
        variable("2A=3")


@pytest.mark.parametrize("text", ["2x", "a b", "", "class"])
def test_no_names_for_a_variable(text):
    with pytest.raises(argparse.ArgumentTypeError, match="trial"):
        python_name(text)
    assert python_name("run_2") == "run_2"


def test_swapped_letters_come_nearer_than_others():
    parser = MagicParser("m", "")
    for option in ("--with", "--wait"):
        parser.add_argument(option)
    with pytest.raises(UsageError, match=r"did you mean --wait\?"):
        parser.parse_line("--wiat")
