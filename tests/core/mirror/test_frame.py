"""Frames as bytes and as lines: what was sent comes out, whatever it was cut into; what wasn't is refused."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellrun.core.mirror import upload_script
from cellrun.core.mirror.frame import (
    LINE_BYTES,
    LINE_DATA_BYTES,
    MOST_DATA_BYTES,
    Frame,
    FrameKind,
    FrameReader,
    encode,
    from_line,
    to_line,
)
from cellrun.core.mirror.frame_errors import FrameError
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.sender import Sender
from cellrun.core.mirror.sync_modes import MOST_PATH_BYTES
from cellrun.core.store.notes import added_notes
from cellrun.core.store.status import Status, StatusFile
from tests.core.mirror.two_sides import EVERYTHING, TwoSides

KEY = b"k" * 32
WIDE = "\u3042"
FRAME = Frame("digits_1_00000000", FrameKind.BYTES, "user_logs/std_log.txt", 7, b"hello\n\0\xff", {"size": 1})
PATHS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=100)


def key_of(run: str) -> bytes | None:
    """The key of the one run that is known."""
    return KEY if run == FRAME.run else None


@given(path=PATHS, data=st.binary(max_size=300), offset=st.integers(0, 2**62 - 1), cuts=st.lists(st.integers(1, 50)))
def test_a_frame_comes_out_as_it_went_in_however_it_is_cut(
    path: str, data: bytes, offset: int, cuts: list[int]
) -> None:
    frames = [FRAME, FRAME._replace(file=path, data=data, offset=offset), FRAME._replace(kind=FrameKind.BEAT)]
    stream, reader, found = b"".join(encode(frame, KEY) for frame in frames), FrameReader(key_of), list[Frame]()
    for cut in [*cuts, len(stream)]:
        found += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert found == frames
    assert reader.is_between
    assert [from_line(to_line(frame, KEY), key_of) for frame in frames] == frames


@pytest.mark.parametrize("where", [0, 3, 9, 30, 60, -20, -1])
def test_a_byte_that_changed_on_the_way_is_noticed(where: int) -> None:
    data = bytearray(encode(FRAME, KEY) + encode(FRAME, KEY))
    data[where] ^= 1
    reader = FrameReader(key_of)
    with pytest.raises(FrameError):
        assert len(list(reader.feed(bytes(data)))) == 2


def test_a_frame_by_another_key_or_of_a_run_without_one_is_refused() -> None:
    for data in (encode(FRAME, bytes(32)), encode(FRAME._replace(run="other"), KEY)):
        with pytest.raises(FrameError):
            list(FrameReader(key_of).feed(data))


def test_lengths_that_can_fill_the_memory_are_refused_before_anything_is_kept() -> None:
    for lengths in (b"\xff\xff\xff\xff\0\0\0\0", b"\0\0\0\2\xff\xff\xff\xff"):
        with pytest.raises(FrameError, match="no frame"):
            list(FrameReader(key_of).feed(lengths))
    with pytest.raises(FrameError, match="too many"):
        encode(FRAME._replace(data=bytes(MOST_DATA_BYTES + 1)), KEY)


@pytest.mark.parametrize("header", [b"[]", b"x", b'{"run":"digits_1_00000000"}', b'{"run":5}', b"[" * 5000])
def test_a_header_that_is_none_is_refused(header: bytes) -> None:
    content = len(header).to_bytes(4, "big") + bytes(4) + header
    with pytest.raises(FrameError):
        list(FrameReader(key_of).feed(content + hmac.new(KEY, content, hashlib.sha256).digest()[:16]))


def test_what_a_job_prints_is_no_frame_and_an_engines_words_before_one_do_no_harm() -> None:
    line = to_line(FRAME, KEY)
    assert from_line(b"(train pid=7, ip=10.0.0.1) " + line, key_of) == FRAME
    for other in (
        b"",
        b"step 1\n",
        b"cellrun-frame:\n",
        b"cellrun-frame:AAAA\n",
        line[:-20] + b"\n",
        line * 2,
        b"\xff" * 90_000,
    ):
        assert from_line(other, key_of) is None
    assert from_line(to_line(FRAME, bytes(32)), key_of) is None


def test_whatever_a_run_has_fits_into_lines(sides: TwoSides) -> None:
    """Long names, many files, long statuses: each line is ASCII and short enough for any engine's log."""
    deep = "work/outputs/" + "/".join("\u00fc" * 100 for _ in range(5))
    assert MOST_PATH_BYTES > len(deep.encode()) > 1000
    sides.write(deep, bytes(range(256)) * 40)
    for number in range(300):
        sides.write(f"work/outputs/many-{number}-{WIDE * 60}", b"x")
    sides.write("work/outputs/" + "/".join([WIDE * 80] * 6), b"too long")
    StatusFile(sides.there).change(Status.FAILED, reason=WIDE * 9000)
    sender = Sender(sides.there, block_bytes=LINE_DATA_BYTES)
    frames = list(sender.frames(is_final=True, most_bytes=EVERYTHING))
    lines = [to_line(frame, KEY) for frame in frames]
    assert max(map(len, lines)) <= LINE_BYTES
    assert all(line.isascii() for line in lines)
    sides.bring(frame for line in lines if (frame := from_line(line, lambda _: KEY)))
    assert StatusFile(sides.here).read().reason == WIDE * 9000
    assert len(sides.here_are()) == 302


def test_the_program_prints_a_run_and_what_a_log_is_too_small_for_is_named(sides: TwoSides, tmp_path: Path) -> None:
    sides.write("work/outputs/model.bin", b"model")
    sides.write("work/outputs/large.bin", bytes(5_000_001))
    StatusFile(sides.there).change(Status.COMPLETED)
    order = json.dumps({"folder": str(sides.there.folder), "key": KEY.hex(), "way": "lines"}).encode()
    command = [sys.executable, "-I", "-S", upload_script.__file__]
    environment = {"CELLRUN_HOME": str(tmp_path / "far")}
    done = subprocess.run(command, input=order, capture_output=True, check=True, env=environment)
    receiver = Receiver(sides.here)
    receiver.take(frame for line in done.stdout.splitlines() if (frame := from_line(line, lambda _: KEY)))
    assert StatusFile(sides.here).read().status is Status.RUNNING
    receiver.give_up("its engine's log carries no larger files")
    assert StatusFile(sides.here).read().status is Status.COMPLETED
    assert sides.here.folder.joinpath("work/outputs/model.bin").read_bytes() == b"model"
    assert "large.bin" in added_notes(sides.here)[0]


def test_facts_that_are_nested_are_none():
    """Each list of a header would take ten times its bytes, and a header is large for the sake of sizes."""
    nested = encode(Frame("run_1", FrameKind.BEAT, facts={"age_s": None, "now": 1.0, "x": [[[]]]}), KEY)
    with pytest.raises(FrameError, match="nested"):
        list(FrameReader(lambda _: KEY).feed(nested))
