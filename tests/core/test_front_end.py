"""Who sees what is shown."""

import io
import re
import sys
import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellrun.core import front_end
from cellrun.core.errors import CellrunError, UserErrorException
from cellrun.core.front_end import coloured, plain, plain_line, unfinished, without_codes


@pytest.mark.parametrize(
    ("metadata", "told"),
    [({"cellId": "a"}, "a"), ({"colab": {"cell_id": "b"}}, "b"), ({"colab": {}}, None), ({}, None)],
)
def test_a_cell_is_known_where_its_front_end_tells_it(metadata, told, monkeypatch):
    shell = SimpleNamespace(parent_header={"metadata": metadata})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert front_end.cell_id(front_end.request()) == told
    assert front_end.is_there() == (told is not None)


def test_outside_of_a_kernel_a_terminal_counts(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stdout", printed)
    assert not front_end.is_there()
    monkeypatch.setattr(printed, "isatty", lambda: True, raising=False)
    assert front_end.is_there()


@pytest.mark.parametrize("stdout", [None, SimpleNamespace(write=print), io.StringIO()], ids=["none", "odd", "closed"])
def test_whatever_took_the_place_of_the_standard_output(stdout, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    if isinstance(stdout, io.StringIO):
        stdout.close()
    monkeypatch.setattr(sys, "stdout", stdout)
    assert not front_end.is_there()


CODES = [
    *("\x1b]52;c;ZXZpbA==\x07", "\x1b]8;;http://evil\x1b\\", "\x1b]0;title\x9c", "\x9d2;title\x07"),
    *("\x1bP$q q\x1b\\", "\x1b_apc\x1b\\", "\x1b^pm\x1b\\", "\x1bXsos\x1b\\", "\x90dcs\x9c"),
    *("\x1b[2J", "\x1b[10A", "\x1b[?1049h", "\x1b[6n", "\x9b2J", "\x1b[>4;2m", "\x1b[?4m", "\x1b[1 q"),
    *("\x1bc", "\x1b7", "\x1b(0", "\x1b#8", "\x1b=", "\x07", "\x08", "\x0b", "\x0e", "\x7f", "\x84", "\x1b\x1b"),
]
HARMFUL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@pytest.mark.parametrize("code", CODES)
def test_of_a_log_only_its_text_and_its_colours_are_left(code):
    text = f"a{code}\nb"
    assert (without_codes(text), coloured(text)) == ("a\nb", "a\nb")
    assert not HARMFUL.search(plain(text))
    assert not HARMFUL.search(plain_line(text))


def test_colours_are_kept_where_they_are_asked_for():
    text = "\x1b[1;31mred\x1b[0m \x1b[38;2;1;2;3mrgb\x1b[m \x1b[38:5:9mx"
    assert coloured(text) == text
    assert without_codes(text) == "red rgb x"


def test_lines_tabs_and_bars_are_kept():
    text = "a\tb\r\nc\rd\n"
    assert coloured(text) == without_codes(text) == text


@pytest.mark.parametrize("text", ["\x1b]52;c;never ended", "\x1b]0;cut\nnext", "\x1bPq", "\x1b[12", "\x1b"])
def test_a_code_without_an_end_takes_no_text_with_it(text):
    assert text.lstrip("\x1b").endswith(without_codes(text)[1:])
    assert not HARMFUL.search(without_codes(text))


@pytest.mark.parametrize("begun", ["\x9d", "\x90\x98", "\x1b]", "\x1b[0;", "\x1b(", "\x9b1"])
def test_beginnings_without_an_end_take_no_longer_than_text(begun):
    before = time.process_time()
    assert not HARMFUL.search(without_codes(begun * 80_000))
    unfinished(begun * 80_000)
    assert time.process_time() - before < 5  # each to the end again: 20 s


def test_what_names_hold_is_written_out():
    assert plain("a\x1b[2Jb\nc\td\r") == "a\\x1b[2Jb\nc\td\\r"
    assert plain_line("a\x9b2J\nb\tc\u2028d") == "a\\x9b2J\\nb\\tc\\u2028d"
    assert plain_line("naïve 日本 🙂") == "naïve 日本 🙂"
    assert plain("a\udcffb") == plain_line("a\udcffb") == "a\\udcffb"  # of a file's name that is no UTF-8


@given(st.lists(st.sampled_from([*CODES, "\x1b[31m", "\n", "text", "[", ";", "m", "\\"])))
def test_nothing_is_left_that_a_terminal_acts_on(parts):
    text = "".join(parts)
    assert not HARMFUL.search(without_codes(text))
    assert not HARMFUL.search(re.sub(r"\x1b\[[0-9;:]*m", "", coloured(text)))


@pytest.mark.parametrize("text", ["a\x1b", "a\x1b[", "a\x1b[31", "a\x1b[38;5;", "a\x1b("])
def test_a_colour_whose_end_has_not_come_yet_can_be_waited_for(text):
    assert unfinished(text) == 1
    assert unfinished("a\x1b[31mb") == 7


def test_errors_never_act_on_the_terminal_that_shows_them():
    assert str(UserErrorException("no \x1b]0;title\x07\nnext")) == "no \\x1b]0;title\\x07\nnext"
    assert str(CellrunError()) == ""
