"""A run comes home by its engine's log: frames between lines of anybody, in pieces of any size, read again at will."""

from __future__ import annotations

import io
import json
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellrun.core.mirror.frame import LINE_BYTES, Frame, FrameKind, to_line
from cellrun.core.mirror.log_lines import LogLines
from cellrun.core.mirror.printed_lines import PrintedLines
from cellrun.core.mirror.run_key import new_key
from cellrun.core.mirror.sync_modes import NAMED_BYTES
from cellrun.core.mirror.uploader import Uploader
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.notes import added_notes
from cellrun.core.store.status import Status, StatusFile
from tests.core.mirror.two_sides import TwoSides


def printed(sides: TwoSides) -> bytes:
    """Let a run write some of all, end, and be printed to its end; return the log."""
    log = EventLog(sides.there)
    for step in range(300):
        log.log("loss", 1 / (step + 1))
    log.close()
    sides.append("user_logs/std_log.txt", "Zoë: 7 %\r100 %\n".encode() + b"\xff\x00 no text\n" * 500 + b"no newline")
    sides.write("work/outputs/model.bin", random.Random(3).randbytes(20_000))
    StatusFile(sides.there).change(Status.COMPLETED, exit_code=0)
    out = io.BytesIO()
    assert Uploader(sides.there, PrintedLines(out, new_key(sides.here))).to_the_end() == ""
    return out.getvalue()


@given(dice=st.randoms(use_true_random=False))
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_in_pieces_of_any_size_and_read_again_it_is_whole(dice: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sides = TwoSides.made(Path(folder))
        log, reader, at = printed(sides), LogLines(sides.here), 0
        while at < len(log):
            if dice.random() < 0.02:  # the connection breaks: another one reads from the beginning, as far as this
                reader.begin_again()
                reader.feed(log[:at])
            size = dice.choice([1, 900, 5_000, 60_000])
            reader.feed(log[at : at + size])
            at += size
        assert StatusFile(sides.here).read().status is Status.COMPLETED
        assert sides.here_are() == sides.there_are()


def test_the_log_is_text_that_ray_can_read(sides: TwoSides) -> None:
    log = printed(sides)
    assert log.isascii()
    assert b"\r" not in log
    assert max(map(len, log.splitlines(keepends=True))) <= LINE_BYTES
    assert b"\n100 %\n\\xff no text\n" in log
    assert b"\nno newline\n" in log


def test_what_others_print_between_and_before_a_frame_is_left_out(sides: TwoSides) -> None:
    noise = b"(pid=7) \xff\xfe\n" + b"x" * 100_000
    log = b"".join(noise + line for line in printed(sides).splitlines(keepends=True))
    LogLines(sides.here).feed(log)
    assert StatusFile(sides.here).read().status is Status.COMPLETED
    assert sides.here_are() == sides.there_are()


def test_a_frame_of_another_key_or_run_changes_nothing(sides: TwoSides) -> None:
    new_key(sides.here)
    frame = Frame(sides.here.run_id, FrameKind.BYTES, "user_logs/std_log.txt", 0, b"forged\n")
    LogLines(sides.here).feed(to_line(frame, bytes(32)))
    assert not sides.here.log.exists()


def test_a_line_that_is_lost_is_named_at_the_end(sides: TwoSides) -> None:
    lines = printed(sides).splitlines(keepends=True)
    lost = next(n for n, line in enumerate(lines) if b"cellrun-frame" in line and n > len(lines) // 2)
    reader = LogLines(sides.here)
    reader.feed(b"".join(lines[:lost] + lines[lost + 1 :]))
    assert not StatusFile(sides.here).read().status.is_terminal
    reader.end("the cluster's log has ended")
    assert StatusFile(sides.here).read().status is Status.COMPLETED
    assert any("the cluster's log has ended" in note for note in added_notes(sides.here))


def test_a_log_that_has_come_home_may_be_read_again(sides: TwoSides) -> None:
    log = printed(sides)
    for _ in range(2):
        reader = LogLines(sides.here)
        reader.feed(log)
        reader.end("it has ended")
    assert StatusFile(sides.here).read().status is Status.COMPLETED
    assert not any("it has ended" in note for note in added_notes(sides.here))


def test_a_file_that_is_too_large_for_a_log_is_named(sides: TwoSides) -> None:
    sides.write("work/outputs/large.bin", bytes(NAMED_BYTES + 1))
    reader = LogLines(sides.here)
    reader.feed(printed(sides))
    reader.end("its log has ended")
    assert any("outputs/large.bin" in note for note in added_notes(sides.here))
    assert json.loads(sides.here.environment.read_text()) == {}


@pytest.mark.parametrize("cut", [1, 2_000])
def test_the_rest_of_a_line_is_waited_for(sides: TwoSides, cut: int) -> None:
    log, reader = printed(sides), LogLines(sides.here)
    reader.feed(log[:-cut])
    reader.feed(b"")
    assert not StatusFile(sides.here).read().status.is_terminal
    reader.feed(log[-cut:])
    assert StatusFile(sides.here).read().status is Status.COMPLETED
