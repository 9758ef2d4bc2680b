from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellrun.core.store.files.log_tail import LONGEST_WAIT_CHARS, LinePrinter, LogBytes, LogDecoder, LogReader


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    log = LogReader(tmp_path / "none")
    assert (log.size, log.read(0, 10), log.tail(10)) == (0, b"", (0, b""))


def test_reading_by_byte_offsets(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes("héllo\n".encode())
    log = LogReader(path)
    assert log.size == 7
    assert log.read(0, 2) + log.read(2, 100) == "héllo\n".encode()
    assert log.read(7, 100) == b""
    with path.open("ab") as file:
        file.write(b"more")
    assert log.read(7, 100) == b"more"


@pytest.mark.parametrize(
    ("most_bytes", "offset", "data"),
    [(100, 0, b"one\ntwo\nthree"), (11, 4, b"two\nthree"), (6, 8, b"three"), (3, 10, b"ree")],
)
def test_the_tail_begins_with_a_whole_line(most_bytes: int, offset: int, data: bytes, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"one\ntwo\nthree")
    assert LogReader(tmp_path / "log").tail(most_bytes) == (offset, data)


def test_the_tail_of_ten_gigabytes_is_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.truncate(10_000_000_000)
        file.seek(0, 2)
        file.write(b"\nlast line\n")
    log = LogReader(path)
    assert log.size == 10_000_000_011
    assert log.tail(65_536) == (10_000_000_001, b"last line\n")


texts = st.lists(
    st.sampled_from([b"\xff", b"\x00", "é🚀".encode(), b"abc", b"\n", b"\r", b"\r\n", "x\n".encode("utf-16")])
)


@given(texts, st.data())
def test_any_cuts_decode_to_the_same_text(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(parts)
    decoder, printer = LogDecoder(), LinePrinter()
    decoded = printed = ""
    rest = whole
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        decoded += decoder.decode(rest[:size])
        piece = printer.feed(rest[:size])
        assert (
            not piece
            or (printed + piece).endswith("\n")
            or whole.decode(errors="replace")[len(printed + piece)] == "\r"
        )
        printed += piece
        rest = rest[size:]
    assert decoded + decoder.decode(b"", final=True) == whole.decode(errors="replace")
    assert printed + printer.feed(b"", final=True) == whole.decode(errors="replace")


def test_a_half_line_waits() -> None:
    printer = LinePrinter()
    assert printer.feed(b"epoch 1\nepo") == "epoch 1\n"
    assert printer.feed(b"ch 2") == ""
    assert printer.feed(b"\n") == "epoch 2\n"


def test_a_bar_is_printed_state_by_state() -> None:
    printer = LinePrinter()
    assert printer.feed(b"\r 10%") == ""
    assert printer.feed(b"\r 20%") == "\r 10%"
    assert printer.feed(b"\r100%\n") == "\r 20%\r100%\n"


def test_a_colour_that_is_cut_in_two_waits_for_its_rest() -> None:
    printer = LinePrinter()
    assert printer.feed(b"red \x1b[3") == ""
    assert printer.release() == "red "
    assert printer.release() == ""
    assert printer.feed(b"1mgo\n") == "\x1b[31mgo\n"
    long = b"x" * LONGEST_WAIT_CHARS + b"\x1b["
    assert printer.feed(long) == "x" * LONGEST_WAIT_CHARS
    assert printer.feed(b"0m", final=True) == "\x1b[0m"


def test_a_line_without_end_is_not_kept_forever() -> None:
    printer = LinePrinter()
    assert printer.feed(b"x" * LONGEST_WAIT_CHARS) == ""
    assert len(printer.feed(b"x")) == LONGEST_WAIT_CHARS + 1


@pytest.mark.parametrize("what", ["file", "folder", "pipe"])
def test_a_link_or_a_pipe_in_its_place_is_no_log(what: str, tmp_path: Path) -> None:
    secret = tmp_path / "ssh" / "std_log.txt"
    secret.parent.mkdir()
    secret.write_text("secret")
    log = tmp_path / "run" / "user_logs" / "std_log.txt"
    log.parent.parent.mkdir()
    if what == "folder":
        log.parent.symlink_to(secret.parent)
    else:
        log.parent.mkdir()
        log.symlink_to(secret) if what == "file" else os.mkfifo(log)
    reader = LogReader(log)
    assert (reader.size, reader.read(0, 100), reader.tail(100).data) == (0, b"", b"")


def test_several_logs_are_read_as_one(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    log = LogReader(first, second)
    assert (log.size, log.read(0, 10), log.tail(10)) == (0, b"", LogBytes(0, b""))
    first.write_bytes(b"one\n")
    assert (log.size, log.read(0, 10), log.read(2, 1)) == (4, b"one\n", b"e")
    second.write_bytes(b"two\nthree\n")
    assert log.size == 14
    assert log.read(0, 100) == b"one\ntwo\nthree\n"
    assert (log.read(2, 4), log.read(4, 3), log.read(9, 100), log.read(14, 5)) == (b"e\ntw", b"two", b"hree\n", b"")
    assert log.tail(8) == (8, b"three\n")


def test_the_second_log_alone_is_all(tmp_path):
    (tmp_path / "second").write_bytes(b"two\n")
    log = LogReader(tmp_path / "first", tmp_path / "second")
    assert (log.size, log.read(1, 10)) == (4, b"wo\n")
