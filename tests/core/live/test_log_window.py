"""The part of a log that a view is sent."""

import pytest

from cellrun.core.live.log_window import PART_BYTES, LogWindow


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "std_log.txt"
    path.touch()
    return path


@pytest.fixture
def window(log):
    def read(offset, most_bytes):
        with log.open("rb") as file:
            file.seek(offset)
            return file.read(most_bytes)

    return LogWindow(read)


def append(log, data):
    with log.open("ab") as file:
        file.write(data)
    return log.stat().st_size


def test_what_came_is_sent_once(log, window):
    part = window.news(append(log, b"one\ntw"))
    assert (part.start, part.end, part.size, part.reset, part.data) == (0, 6, 6, False, b"one\ntw")
    part = window.news(append(log, b"o\n"))
    assert (part.start, part.end, part.reset, part.data) == (6, 8, False, b"o\n")
    assert not window.lacks(8)
    assert window.news(8) is None


def test_a_flood_sends_its_tail_from_a_line_on(log, window):
    window.news(append(log, b"start\n"))
    size = append(log, b"".join(b"line %06d\n" % number for number in range(100_000)))
    part = window.news(size)
    assert part.reset
    assert part.end == part.size == size
    assert PART_BYTES - 20 < len(part.data) <= PART_BYTES
    assert part.data.startswith(b"line ")
    assert part.data.endswith(b"line 099999\n")
    assert window.news(append(log, b"next\n")).data == b"next\n"


def test_one_endless_line_has_a_tail_too(log, window):
    part = window.news(append(log, b"x" * 3 * PART_BYTES))
    assert part.data == b"x" * PART_BYTES
    assert part.start == 2 * PART_BYTES


def test_the_tail_of_a_short_log_is_all_of_it(log, window):
    part = window.tail(append(log, b"half a line"))
    assert (part.start, part.reset, part.data) == (0, True, b"half a line")


def test_a_log_that_shrank_begins_again(log, window):
    window.news(append(log, b"a long first line\n"))
    log.write_bytes(b"new\n")
    part = window.news(4)
    assert (part.start, part.end, part.reset, part.data) == (0, 4, True, b"new\n")
