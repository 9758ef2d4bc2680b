"""A text in the lines of a log."""

import pytest

from cellrun.core.store.files import log_search
from cellrun.core.store.files.log_search import search_log
from cellrun.core.store.files.log_tail import LogReader


@pytest.fixture
def log(tmp_path):
    """Return the reader of a log with this content."""

    def made(content):
        path = tmp_path / "logs" / "log.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return LogReader(path)

    return made


def test_lines_are_counted_once_and_told_by_their_beginning(log):
    found = search_log(log(b"loss loss\nnone\nLOSS\r 5%\r loss\nthe last: loss"), "loss")
    assert (found.count, found.lines, found.next) == (3, [0, 15, 30], None)
    assert (found.numbers, found.ends) == ([0, 2, 3], 3)


def test_text_is_literal_in_any_case_unless_asked(log):
    reader = log("a.b\naxb\nÄrger\n".encode())
    assert search_log(reader, "a.b").lines == [0]
    assert search_log(reader, "ÄRGER").count == 1
    assert search_log(reader, "ärger", is_case_kept=True).count == 0
    assert search_log(reader, "A.B", is_case_kept=True).count == 0


def test_colours_are_no_text(log):
    assert search_log(log(b"\x1b[31mVal\x1b[0mueError\n"), "valueerror").count == 1
    assert search_log(log(b"\x1b[31mred\n"), "31m").count == 0


def test_only_a_part_and_bytes_that_are_no_text(log):
    reader = log(b"x 1\nx \xff 2\nx 3\n")
    assert search_log(reader, "x", start=4).lines == [4, 10]
    assert search_log(reader, "x", end=10).lines == [0, 4]
    assert search_log(reader, "x", start=99).count == 0
    assert search_log(log(b""), "x").count == 0


def test_a_long_log_is_looked_through_by_parts_without_a_line_lost_between(log, monkeypatch):
    monkeypatch.setattr(log_search, "_BLOCK_BYTES", 64)
    monkeypatch.setattr(log_search, "PART_BYTES", 200)
    lines = [f"line {i} {'needle' if i % 3 == 0 else ''}\n".encode() for i in range(200)]
    reader = log(b"".join(lines))
    offsets, numbers, ends, start, parts = [], [], 0, 0, 0
    while start is not None:
        found = search_log(reader, "needle", start=start)
        assert found.count == len(found.lines)
        offsets += found.lines
        numbers += [ends + number for number in found.numbers]
        ends += found.ends
        start, parts = found.next, parts + 1
    assert parts > 3
    assert offsets == [sum(map(len, lines[:i])) for i in range(0, 200, 3)]
    assert (numbers, ends) == (list(range(0, 200, 3)), 200)


def test_many_hits_are_counted_beyond_those_that_are_told(log, monkeypatch):
    monkeypatch.setattr(log_search, "MOST_HITS", 5)
    found = search_log(log(b"x\n" * 50), "x")
    assert (found.count, found.lines) == (50, [90, 92, 94, 96, 98])
    assert (found.numbers, found.ends) == ([45, 46, 47, 48, 49], 50)


def test_a_line_without_an_end_is_looked_at_in_pieces(log, monkeypatch):
    monkeypatch.setattr(log_search, "_BLOCK_BYTES", 64)
    assert search_log(log(b"y" * 1000 + b"needle"), "needle").count in (0, 1)
    assert search_log(log(b"y" * 10 + b"needle" + b"y" * 1000), "needle").count == 1
