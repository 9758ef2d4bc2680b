"""What a run prints, as it stands in an engine's log for people."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cellrun.core.mirror.frame import LINE_BYTES, LINE_DATA_BYTES, Frame, FrameKind
from cellrun.core.mirror.readable_copy import ReadableCopy

LOG = "user_logs/std_log.txt"


def copied(*pieces: bytes, file: str = LOG) -> bytes:
    """Return the copy of a log that comes in pieces, to its end."""
    copy, found, offset = ReadableCopy(), [], 0
    for piece in pieces:
        found += copy.lines(Frame("r", FrameKind.BYTES, file, offset, piece))
        offset += len(piece)
    found += copy.lines(Frame("r", FrameKind.SIZES))
    assert all(len(line) <= LINE_BYTES for line in found)
    return b"".join(found)


def test_lines_come_whole_however_they_were_printed() -> None:
    assert copied(b"epo", b"ch 1\nepoch", b" 2\n\nlast") == b"epoch 1\nepoch 2\n\nlast\n"


def test_a_progress_bar_is_as_a_terminal_shows_it_in_the_end() -> None:
    assert copied(b"\r 10%", b"\r 20%\r100%\nsaved\r\n") == b"100%\nsaved\n"


def test_one_that_never_ends_a_line_is_shown_all_the_same() -> None:
    copy = ReadableCopy()
    size = LINE_BYTES // 2
    lines = [
        line
        for n in range(5)
        for line in copy.lines(Frame("r", FrameKind.BYTES, LOG, n * size, b"%d" % n + b"x" * (size - 1)))
    ]
    assert b"".join(lines).replace(b"\n", b"").startswith(b"0xx")


def test_no_byte_is_there_that_ends_a_log_of_text() -> None:
    assert copied("grün \u2713\n".encode() + b"\xff\x00\x1b[31mred\x1b[0m\x1b]52;c;x\x07\n") == (
        b"gr\\xfcn \\u2713\n\\xffred\n"
    )


def test_another_log_has_its_name_before_its_lines() -> None:
    assert copied(b"a\nb\n", file="user_logs/std_log_1.txt") == b"[std_log_1.txt] a\n[std_log_1.txt] b\n"


def test_what_is_sent_again_is_not_shown_again() -> None:
    copy = ReadableCopy()
    frames = [Frame("r", FrameKind.BYTES, LOG, 0, b"one\n"), Frame("r", FrameKind.BYTES, LOG, 0, b"one\ntwo\n")]
    assert [line for frame in frames for line in copy.lines(frame)] == [b"one\n", b"two\n"]


def test_what_is_no_log_is_not_shown() -> None:
    assert copied(b'{"k":"log"}\n', file="events/0a0a0a0a.jsonl") == b""


@given(st.lists(st.binary(max_size=LINE_DATA_BYTES), max_size=6))
def test_whatever_is_printed_each_line_is_short_and_ascii(pieces: list[bytes]) -> None:
    text = copied(*pieces)
    assert text.isascii()
    assert b"\r" not in text
    assert text.count(b"\n") >= b"".join(pieces).count(b"\n")
