from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellrun.core.errors import (
    BadLinesError,
    ConflictError,
    IntakeError,
    LogOffsetError,
    OutOfOrderError,
    RunClosedError,
)
from cellrun.core.layout import RunLayout
from cellrun.core.status import Status
from cellrun.core.store.events.event_line import seal
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.events.run_summary import run_summary
from cellrun.core.store.events.summary import read_summaries
from cellrun.core.store.intake import intake_summary
from cellrun.core.store.intake.intake import Intake, Taken
from cellrun.core.store.lists.index import Index
from cellrun.core.store.notes import run_notes
from cellrun.core.store.status_file import StatusFile
from tests.core.store.events.test_reader import run_folder

WRITER = "6099ee4d"
IDENTITY = {"host": "gpu7", "boot": "b", "pid": 1, "started": 2}


def line(seq: int, at: float | None = None, *, w: str = WRITER, **own: Any) -> bytes:
    """One line of a writer: its first record, or a value."""
    first = {"k": "writer", "id": IDENTITY, "attempt": 0, "rank": None, "version": 1}
    event = {"w": w, "s": seq, "t": 1e9 + seq if at is None else at, **(own or (first if seq == 0 else value(seq)))}
    return seal(json.dumps(event, separators=(",", ":")).encode())


def value(number: float) -> dict[str, Any]:
    return {"k": "log", "n": "loss", "v": number}


def received(layout: RunLayout, writer: str = WRITER) -> bytes:
    return (layout.events / f"{writer}.jsonl").read_bytes()


@pytest.fixture
def remote(layout: RunLayout) -> RunLayout:
    """A run that runs elsewhere."""
    StatusFile(layout).change(Status.RUNNING)
    return layout


def test_what_an_event_log_wrote_arrives_as_it_was_and_is_seen_by_everybody(
    remote: RunLayout, new_run: Callable[..., RunLayout]
) -> None:
    far_away = new_run()
    log = EventLog(far_away, rank=3)
    log.log("loss", float("nan"), step=2)
    log.log("loss", 2**60)
    log.row("sine", {"x": 1, "y": "\ud800"})
    log.list_("many", [1, 2.5, None])
    log.table("t", {"a": [1, 2], "b": [True, "x"]})
    log.image("i", "outputs/i.png")
    log.file("outputs/i.png", 17)
    log.tag("best", None)
    log.untag("best")
    log.tag("kept", "yes")
    log.rename("a name")
    log.close()
    (sent,) = far_away.events.glob("*.jsonl")
    intake = Intake(remote)
    assert intake.events(sent.read_bytes()) == Taken(kept=12, known=0)
    intake.close()
    assert received(remote, sent.stem) == sent.read_bytes()
    assert run_summary(remote).to_json() == run_summary(far_away).to_json()
    assert read_summaries(remote)[sent.stem].offset == sent.stat().st_size
    (row,) = [row for row in Index(remote.workspace).runs() if row.id == remote.run_id]
    assert (row.display_name, row.tags, list(row.metrics)) == ("a name", {"kept": "yes"}, ["loss", "sine", "many", "t"])


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[dict[str, list[bytes]], list[dict[str, tuple[int, int]]]]:
    """Files of some writers, with gaps, and slices of them that cover everything, in any order, some several times."""
    writers = {}
    for number in range(draw(st.integers(1, 3))):
        gaps = draw(st.sets(st.integers(1, 19)))
        writers[f"{number:08x}"] = [line(seq, w=f"{number:08x}") for seq in range(20) if seq not in gaps]
    batches = []
    for writer, lines in writers.items():
        cuts = sorted({0, len(lines), *draw(st.sets(st.integers(0, len(lines)), max_size=5))})
        batches += [{writer: (start, stop)} for start, stop in pairwise(cuts)]
        for start in draw(st.lists(st.integers(0, len(lines) - 1), max_size=3)):
            batches.append({writer: (start, draw(st.integers(start + 1, len(lines))))})
    return writers, draw(st.permutations(batches))


@given(deliveries())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_batches_in_any_order_again_and_again_leave_each_line_once_in_its_order(
    tmp_path_factory: pytest.TempPathFactory,
    delivery: tuple[dict[str, list[bytes]], list[dict[str, tuple[int, int]]]],
) -> None:
    writers, batches = delivery
    layout = run_folder(tmp_path_factory.mktemp("run") / "r", {})
    layout.summaries.mkdir()
    kept, rounds = 0, 0
    while batches:
        rounds += 1
        assert rounds < 200, "some lines are refused for ever"
        refused = []
        for batch in batches:
            ((writer, (start, stop)),) = batch.items()
            lines = writers[writer]
            after = seq_of(lines[start - 1]) if start else -1
            try:
                taken = Intake(layout).events(b"".join(lines[start:stop]), {writer: after})
            except OutOfOrderError:
                refused.append(batch)
            else:
                kept += taken.kept
                assert taken.kept + taken.known == stop - start
            present = received(layout, writer) if (layout.events / f"{writer}.jsonl").exists() else b""
            assert b"".join(lines).startswith(present)
        batches = refused
    assert {writer: received(layout, writer) for writer in writers} == {
        writer: b"".join(lines) for writer, lines in writers.items()
    }
    assert kept == sum(map(len, writers.values()))
    Intake(layout).close()
    metrics = Metrics(EventReader(layout))
    metrics.update()
    logged = kept - len(writers)
    assert (metrics.metrics["loss"].rows if logged else 0) == logged
    assert run_summary(layout).metrics.keys() == metrics.metrics.keys()


def seq_of(sent: bytes) -> int:
    return int(json.loads(sent[9:])["s"])


def test_what_comes_before_its_predecessors_is_refused_with_what_is_expected(remote: RunLayout) -> None:
    intake = Intake(remote)
    lines = [line(seq) for seq in range(6)]
    with pytest.raises(OutOfOrderError) as refused:
        intake.events(b"".join(lines[3:]))
    assert refused.value.expected == {WRITER: 0}
    assert not list(remote.events.iterdir())
    intake.events(b"".join(lines[:3]))
    with pytest.raises(OutOfOrderError, match="expected 3 of writer 6099ee4d"):
        intake.events(lines[4])
    with pytest.raises(OutOfOrderError):
        intake.events(lines[5], {WRITER: 4})
    assert intake.events(b"".join(lines)) == Taken(kept=3, known=3)


def test_a_gap_of_the_writer_is_told_by_the_line_before_it(remote: RunLayout) -> None:
    intake = Intake(remote)
    intake.events(line(0) + line(1))
    assert intake.events(line(4), {WRITER: 1}) == Taken(kept=1, known=0)
    assert intake.events(line(4) + line(7)) == Taken(kept=1, known=1)  # the batch itself shows what follows what
    with pytest.raises(ConflictError, match=r"event 3 .* said that it has none"):
        intake.events(line(3))
    with pytest.raises(ConflictError, match="event 7"):
        intake.events(line(9), {WRITER: 5})
    assert received(remote) == line(0) + line(1) + line(4) + line(7)


def test_another_line_under_a_number_is_a_conflict_that_the_run_tells_of(remote: RunLayout) -> None:
    intake = Intake(remote)
    intake.events(line(0) + line(1) + line(2))
    for _ in range(2):
        with pytest.raises(ConflictError) as conflict:
            intake.events(line(1, **value(-1)) + line(3, at=1e9 + 3))
        assert (conflict.value.writer, conflict.value.seq) == (WRITER, 1)
    assert received(remote) == line(0) + line(1) + line(2)
    (note,) = run_notes(remote, StatusFile(remote).read())
    assert "event 1 of writer 6099ee4d came again with another content" in note


def test_a_refused_writer_leaves_the_others_of_its_batch_out_too(remote: RunLayout) -> None:
    intake = Intake(remote)
    other = "aaaaaaaa"
    with pytest.raises(OutOfOrderError) as refused:
        intake.events(line(0, w=other) + line(2) + line(1, w=other))
    assert refused.value.expected == {WRITER: 0}
    assert not list(remote.events.iterdir())
    assert intake.events(line(0, w=other) + line(0) + line(1, w=other) + line(1)) == Taken(kept=4, known=0)


BAD = {
    "a line without its end": (line(1)[:-1], "its end is missing"),
    "a bit that flipped": (line(1).replace(b"loss", b"lozs"), "checksum"),
    "no JSON": (seal(b'{"w":"6099ee4d","s":1,"t":1.0,oops}'), "no JSON"),
    "far too deep": (seal(b'{"w":"6099ee4d","s":1,"t":1.0,"k":"x","v":' + b"[" * 9999 + b"]" * 9999 + b"}"), "no JSON"),
    "two numbers": (seal(b'{"w":"6099ee4d","s":1,"t":1.0,"k":"untag","n":"a","s":2}'), "two writers or numbers"),
    "a writer that is a path": (line(1, w="../../xx"), "begin with the writer"),
    "a writer in capitals": (line(1, w="6099EE4D"), "begin with the writer"),
    "a number below zero": (line(-1, k="log", n="m", v=1), "begin with the writer"),
    "no first record": (line(0, **value(1)), "number 0"),
    "a second first record": (line(1, k="writer", id=IDENTITY, attempt=0, rank=None, version=1), "number 0"),
    "letters beyond ASCII": (seal('{"w":"6099ee4d","s":1,"t":1.0,"k":"log","n":"ä","v":1}'.encode()), "begin with"),
    "a time that no float holds": (line(1, at=10**400), "time"),
    "an int that no float holds": (line(1, k="log", n="m", v=10**400), "v missing or not"),
    "one among others": (line(1, k="list", n="m", v=[1, 10**400]), "v missing or not"),
    "one as a step": (line(1, k="log", n="m", v=1, i=10**400), "i is no number"),
    "no time": (seal(b'{"w":"6099ee4d","s":1,"t":9e999,"k":"log","n":"m","v":1}'), "time"),
    "no kind": (line(1, n="m"), "kind"),
    "a name with a line break": (line(1, k="log", n="a\nb", v=1), "n missing or not"),
    "a value that is none": (line(1, k="log", n="m", v={"float": "12"}), "v missing or not"),
    "a step that is text": (line(1, k="log", n="m", v=1, i="a"), "i is no number"),
    "ragged columns": (line(1, k="table", n="m", c={"a": [1], "b": [1, 2]}), "c missing or not"),
    "an empty list": (line(1, k="list", n="m", v=[]), "v missing or not"),
    "a list in a row": (line(1, k="row", n="m", c={"a": [1]}), "c missing or not"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_event_line_is_refused_by_its_place(name: str, remote: RunLayout) -> None:
    intake = Intake(remote)
    bad, why = BAD[name]
    with pytest.raises(BadLinesError, match=why) as refused:
        intake.events(line(0) + bad)
    assert refused.value.line == 2
    assert not list(remote.events.iterdir())


def test_a_line_that_would_fill_the_memory_is_refused(remote: RunLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellrun.core.store.json_reading.MOST_BRACKETS", 1000)
    with pytest.raises(BadLinesError, match="it is no JSON"):
        Intake(remote).events(line(0) + line(1, k="other", v=[[]] * 1000))


def test_numbers_and_times_that_run_back_are_refused(remote: RunLayout) -> None:
    intake = Intake(remote)
    with pytest.raises(BadLinesError, match="doesn't come after"):
        intake.events(line(0) + line(2) + line(1))
    with pytest.raises(BadLinesError, match="time runs back"):
        intake.events(line(0) + line(1, at=5.0, **value(1)))
    intake.events(line(0))
    with pytest.raises(BadLinesError, match="time runs back"):
        intake.events(line(1, at=5.0, **value(1)))


def test_a_kind_of_a_newer_cellrun_is_kept(remote: RunLayout) -> None:
    sent = line(0) + line(1, k="hologram", n=[1])
    assert Intake(remote).events(sent) == Taken(kept=2, known=0)
    assert received(remote) == sent


def test_a_line_that_a_kill_cut_is_written_again(remote: RunLayout) -> None:
    Intake(remote).events(line(0) + line(1))
    path = remote.events / f"{WRITER}.jsonl"
    path.write_bytes(received(remote) + line(2)[:20])
    assert Intake(remote).events(line(1) + line(2) + line(3)) == Taken(kept=2, known=1)
    assert received(remote) == b"".join(map(line, range(4)))


def test_on_a_full_disk_lines_stay_whole_and_go_on_when_there_is_room(
    remote: RunLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = Intake(remote)
    intake.events(line(0) + line(1))
    room = len(line(2)) + 5
    real = os.write

    def full(fd: int, data: memoryview) -> int:
        if len(data) <= len(line(2)):
            raise OSError(28, "No space left on device")
        return real(fd, data[:room])

    monkeypatch.setattr("cellrun.core.store.intake.intake_file.os.write", full)
    with pytest.raises(OSError, match="No space left"):
        intake.events(line(2) + line(3))
    monkeypatch.undo()
    reader = EventReader(remote)
    assert [event["s"] for event in reader.read()] == [0, 1, 2]
    assert intake.events(line(2) + line(3)) == Taken(kept=1, known=1)
    assert received(remote) == b"".join(map(line, range(4)))
    assert [event["s"] for event in reader.read()] == [3]
    assert reader.damage == []


def test_after_the_end_nothing_is_added(remote: RunLayout) -> None:
    intake = Intake(remote)
    intake.events(line(0))
    intake.log(0, b"begin\n")
    StatusFile(remote).change(Status.COMPLETED)
    with pytest.raises(RunClosedError):
        intake.events(line(1))
    with pytest.raises(RunClosedError):
        intake.log(6, b"more\n")
    assert received(remote) == line(0)
    assert remote.log.read_bytes() == b"begin\n"


def test_many_threads_that_send_the_same_add_it_once(remote: RunLayout) -> None:
    lines = [line(seq) for seq in range(200)]
    errors: list[Exception] = []

    def send(size: int) -> None:
        for start in range(0, len(lines), size):
            try:
                Intake(remote).events(b"".join(lines[start : start + size]))
                Intake(remote).log(start, b"".join(b"%d" % (number % 10) for number in range(start, start + size)))
            except IntakeError as error:
                errors.append(error)

    threads = [threading.Thread(target=send, args=(size,)) for size in (1, 4, 5, 8, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert received(remote) == b"".join(lines)
    assert remote.log.read_bytes() == b"0123456789" * 20
    Intake(remote).close()


def test_no_more_writers_than_a_run_can_have(remote: RunLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellrun.core.store.intake.intake.MOST_WRITERS", 2)
    Intake(remote).events(line(0, w="00000001") + line(0, w="00000002"))
    with pytest.raises(BadLinesError, match="2 writers"):
        Intake(remote).events(line(0, w="00000003"))
    assert Intake(remote).events(line(1, w="00000001")) == Taken(kept=1, known=0)


def test_log_bytes_join_by_their_offset(remote: RunLayout) -> None:
    intake = Intake(remote)
    assert intake.log(0, b"one\ntw") == 6
    assert intake.log(4, b"two\n") == 8
    assert intake.log(0, b"one\n") == 8
    assert intake.log(8, b"") == 8
    assert remote.log.read_bytes() == b"one\ntwo\n"
    with pytest.raises(LogOffsetError, match="leave a gap") as gap:
        intake.log(9, b"x")
    assert gap.value.size == 8
    for offset, data in ((4, b"TWO\n"), (-1, b"x")):
        with pytest.raises(LogOffsetError, match="differ"):
            intake.log(offset, data)
    assert remote.log.read_bytes() == b"one\ntwo\n"


@given(st.binary(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_log_is_always_a_beginning_of_what_was_printed(
    tmp_path_factory: pytest.TempPathFactory, printed: bytes, parts: list[tuple[int, int]]
) -> None:
    layout = run_folder(tmp_path_factory.mktemp("run") / "r", {})
    layout.log.parent.mkdir()
    size = 0
    for offset, length in parts:
        data = printed[offset : offset + length]
        if (start := min(offset, len(printed))) <= size:
            size = Intake(layout).log(start, data)
        else:
            with pytest.raises(LogOffsetError):
                Intake(layout).log(start, data)
        assert layout.log.read_bytes() == printed[:size]


def test_links_are_not_written_through(remote: RunLayout, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"")
    (remote.events / f"{WRITER}.jsonl").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        Intake(remote).events(line(0))
    assert victim.read_bytes() == b""


def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(remote: RunLayout) -> None:
    remote.log.unlink(missing_ok=True)
    for path in (remote.events / f"{WRITER}.jsonl", remote.log):
        os.mkfifo(path)
    with pytest.raises(OSError, match="No such device"):
        Intake(remote).events(line(0))
    with pytest.raises(OSError, match="Illegal seek"):
        Intake(remote).log(0, b"one")


TAKE_IN = """
import sys
from cellrun.core.store.intake.intake import Intake
from cellrun.core.layout import RunLayout
intake = Intake(RunLayout(sys.argv[1]))
lines = sys.stdin.buffer.read().splitlines(keepends=True)
for start in range(0, len(lines), 7):
    taken = intake.events(b"".join(lines[start : start + 7]))
    print(start + taken.kept + taken.known, flush=True)
"""


def test_a_killed_server_has_kept_what_it_acknowledged_and_another_goes_on(remote: RunLayout) -> None:
    sent = [line(seq) for seq in range(20_000)]
    for acknowledged in (70, 700, 2100):
        command = [sys.executable, "-c", TAKE_IN, str(remote.folder)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write(b"".join(sent))
            server.stdin.close()
            last = 0
            while last < acknowledged:
                last = int(server.stdout.readline())
            server.kill()
        there = received(remote)
        assert b"".join(sent).startswith(there)
        assert there.count(b"\n") >= acknowledged
    assert Intake(remote).events(b"".join(sent)).known >= 2100
    assert received(remote) == b"".join(sent)
    Intake(remote).close()
    assert run_summary(remote).metrics["loss"].count == len(sent) - 1


def test_a_server_that_is_told_of_no_end_keeps_nothing_of_a_run(
    remote: RunLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_summary, "SUMMARY_EVERY_S", 0.01)
    Intake(remote).events(line(0) + line(1))
    deadline = time.monotonic() + 20
    while remote.folder in intake_summary._kept:
        assert time.monotonic() < deadline
        time.sleep(0.01)
        gc.collect()
    assert read_summaries(remote)[WRITER].offset == len(received(remote))


def test_a_batch_is_asked_for_only_up_to_its_first_line_that_can_not_be_one(layout: RunLayout) -> None:
    asked = []

    def blocks() -> Iterator[bytes]:
        for number in range(1000):
            asked.append(number)
            yield b"\n" * 1000

    with pytest.raises(BadLinesError, match="line 1"):
        Intake(layout).events(blocks())
    assert asked == [0]


def test_lines_may_be_cut_anywhere_between_blocks(remote: RunLayout) -> None:
    data = b"".join(line(seq) for seq in range(5))
    blocks = [data[start : start + 7] for start in range(0, len(data), 7)]
    assert Intake(remote).events(blocks) == Taken(kept=5, known=0)
