"""What comes of a run elsewhere stands in its folder here as it is there, and nothing else is touched by it."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from cellrun.core.context.manifest import CONTEXT_FILE, Blob, Context, Group
from cellrun.core.context.signature import why_untrusted
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import RunClosedError
from cellrun.core.identity import ProcessIdentity
from cellrun.core.mirror import arriving, receiver, remote_statuses
from cellrun.core.mirror.frame import Frame, FrameKind
from cellrun.core.mirror.frame_errors import ConflictError, FrameError, GapError
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.run_key import key_of, new_key
from cellrun.core.mirror.sender import Sender
from cellrun.core.mirror.sync_modes import MOST_STATUSES_WAITING
from cellrun.core.store.ending import ask_to_cancel
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.summary import read_summaries, run_summary
from cellrun.core.store.liveness import HEARTBEAT_MONITOR
from cellrun.core.store.notes import CANCELED_TOO_LATE, MOST_NOTES, add_note, added_notes, run_notes
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses
from cellrun.core.targets.unresponsive_engine import mark_responsive, mark_unresponsive
from tests.core.mirror.two_sides import EVERYTHING, TwoSides, made_workspace
from tests.small_disk import SmallDisk

LOG = "user_logs/std_log.txt"


def piece(sides: TwoSides, path: str, offset: int, data: bytes, size: int | None = None, at: int = 1) -> Frame:
    """A frame of a file; of one that is written once with its size."""
    facts = {} if size is None else {"size": size, "mtime_ns": at}
    return Frame(sides.here.run_id, FrameKind.BYTES, path, offset, data, facts)


def test_a_gap_is_told_and_all_else_taken(sides: TwoSides) -> None:
    frames = [piece(sides, LOG, 5, b"x"), piece(sides, "events/0000000a.jsonl", 0, b"y\n")]
    with pytest.raises(GapError) as caught:
        sides.bring(frames)
    assert caught.value.expected == {LOG: 0}
    assert sides.here_are() == {LOG: b"", "events/0000000a.jsonl": b"y\n"}


def test_bytes_that_differ_are_told_once_and_end_the_file(sides: TwoSides) -> None:
    sides.bring([piece(sides, LOG, 0, b"hello")])
    with pytest.raises(ConflictError) as caught:
        sides.bring([piece(sides, LOG, 3, b"p!"), piece(sides, "user_logs/std_log_1.txt", 0, b"z")])
    assert caught.value.files == (LOG,)
    sides.bring([piece(sides, LOG, 3, b"p!")])
    assert sides.here_are() == {LOG: b"hello", "user_logs/std_log_1.txt": b"z"}
    assert len(added_notes(sides.here)) == 1
    assert [
        frame.file for frame in Sender(sides.there, Receiver(sides.here).have())._growing([LOG], is_over=True)
    ] == []


def test_a_writer_of_this_side_is_never_added_to(sides: TwoSides) -> None:
    """A tag that is set here has a file of its own in the run's events."""
    log = EventLog(sides.here)
    log.tag("best", "yes")
    log.close()
    (own,) = sides.here.events.glob("*.jsonl")
    before = own.read_bytes()
    with pytest.raises(ConflictError):
        sides.bring([piece(sides, f"events/{own.name}", len(before), b"more\n")])
    assert own.read_bytes() == before


@pytest.mark.parametrize("way", ["file", "folder", "above"])
def test_no_link_here_is_followed(sides: TwoSides, tmp_path: Path, way: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    outputs = sides.here.folder / "work" / "outputs"
    outputs.parent.mkdir(parents=True, exist_ok=True)
    if way == "above":
        outputs.parent.rmdir() if not any(outputs.parent.iterdir()) else [p.rmdir() for p in outputs.parent.iterdir()]
        if outputs.parent.exists():
            outputs.parent.rmdir()
        outputs.parent.symlink_to(outside)
    elif way == "folder":
        if outputs.exists():
            outputs.rmdir()
        outputs.symlink_to(outside)
    else:
        outputs.mkdir(exist_ok=True)
        (outputs / "precious").symlink_to(outside / "precious")
    try:
        sides.bring([piece(sides, "work/outputs/precious", 0, b"mine", 4)])
    except ConflictError:
        assert way != "file"
    else:
        assert (outputs / "precious").read_bytes() == b"mine"
        assert not (outputs / "precious").is_symlink()
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"precious": "precious"}


def test_a_log_that_is_a_link_here_is_left_alone(sides: TwoSides, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("")
    sides.here.log.parent.mkdir(exist_ok=True)
    sides.here.log.symlink_to(tmp_path / "precious")
    with pytest.raises(ConflictError):
        sides.bring([piece(sides, LOG, 0, b"hello")])
    assert (tmp_path / "precious").read_text() == ""


def test_no_link_there_is_followed_and_no_pipe_waited_for(sides: TwoSides, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    sides.write("work/outputs/real", b"real")
    outputs = sides.there.outputs
    (outputs / "link").symlink_to(tmp_path / "secret")
    (outputs / "folder").symlink_to(tmp_path)
    os.mkfifo(outputs / "pipe")
    sides.there.log.parent.mkdir(exist_ok=True)
    sides.there.log.symlink_to(tmp_path / "secret")
    (sides.there.folder / "input_files.json").symlink_to(tmp_path / "secret")
    StatusFile(sides.there).change(Status.COMPLETED)
    sides.bring()
    assert sides.here_are() == {"work/outputs/real": b"real", "environment.json": b"{}"}
    assert StatusFile(sides.here).read().status is Status.COMPLETED


def test_what_is_replaced_there_is_replaced_whole(sides: TwoSides) -> None:
    sides.bring()
    sides.write("environment.json.new", b'{"packages": {"numpy": "2.1"}}')
    (sides.there.folder / "environment.json.new").replace(sides.there.environment)
    sides.bring()
    assert sides.here.environment.read_bytes() == b'{"packages": {"numpy": "2.1"}}'


def test_what_is_replaced_after_the_clock_there_was_put_back_is_replaced_here(sides: TwoSides) -> None:
    sides.write("displayed/1.json", b"one")
    sender = Sender(sides.there)
    there = (sides.there.folder / "displayed/1.json").stat()
    receiver = sides.bring(
        [
            frame._replace(facts={**frame.facts, "mtime_ns": there.st_mtime_ns + 10**15})  # of a clock that was ahead
            if frame.file.startswith("displayed")
            else frame
            for frame in sender.frames(is_final=False, most_bytes=EVERYTHING)
        ]
    )
    sides.write("displayed/1.json", b"two, which is longer")
    sender = Sender(sides.there, receiver.have())
    for _ in range(9):
        receiver.take(sender.frames(is_final=True, most_bytes=300))
    assert sides.here_are() == sides.there_are()
    assert not any(frame.data for frame in sides.frames(is_final=True))


def test_a_log_that_was_cut_there_is_never_added_to(sides: TwoSides) -> None:
    """What comes after it isn't what stood there before."""
    sides.append(LOG, b"one\ntwo\n")
    sides.bring()
    sides.write(LOG, b"three\n")
    with pytest.raises(ConflictError):
        sides.bring()
    sides.append(LOG, b"and four\n")
    sides.bring()
    assert sides.here_are()[LOG] == b"one\ntwo\n"


def test_a_part_of_an_earlier_version_that_comes_late_changes_nothing(sides: TwoSides) -> None:
    old = [piece(sides, "environment.json", 0, b"old", 3, at=5)]
    sides.bring(old)
    sides.bring([piece(sides, "environment.json", 0, b"newer", 5, at=6)])
    sides.bring(old)
    assert sides.here.environment.read_bytes() == b"newer"


def test_a_large_file_comes_in_parts_and_goes_on_after_a_cut(sides: TwoSides) -> None:
    data = os.urandom(50_000)
    sides.write("work/outputs/model.bin", data)
    StatusFile(sides.there).change(Status.COMPLETED)
    passes = 0
    while not StatusFile(sides.here).read().status.is_terminal:
        assert "work/outputs/model.bin" not in sides.here_are()
        frames = sides.frames(most_bytes=12_000, block_bytes=4_000)  # by a sender of its own each time
        assert sum(len(frame.data) for frame in frames) < 20_000
        sides.bring(frames)
        passes += 1
    assert passes > 3
    assert sides.here_are()["work/outputs/model.bin"] == data


def test_outputs_come_when_the_run_has_ended_and_what_an_event_names_before_it(sides: TwoSides) -> None:
    sides.write("work/outputs/plot.png", b"png")
    sides.write("work/outputs/model.bin", b"model")
    sides.write("files/large.png", bytes(5_000_001))
    log = EventLog(sides.there)
    log.image("plot", "outputs/plot.png")
    log.image("large", "large.png")
    log.image("hostile", "../../run.json")
    log.close()
    paths = [frame.file for frame in sides.frames() if frame.kind is FrameKind.BYTES]
    event = next(path for path in paths if path.startswith("events/"))
    assert paths.index("work/outputs/plot.png") < paths.index(event)
    assert not {"work/outputs/model.bin", "files/large.png", "run.json"} & set(paths)
    sides.bring(sides.frames(is_final=True))
    assert sides.here_are() == sides.there_are()


def test_a_file_that_was_lost_before_the_event_that_names_it_comes_while_the_run_goes_on(sides: TwoSides) -> None:
    sides.write("work/outputs/plot.png", b"png")
    log = EventLog(sides.there)
    log.image("plot", "outputs/plot.png")
    log.close()
    sides.bring([frame for frame in sides.frames() if frame.file != "work/outputs/plot.png"])
    assert "work/outputs/plot.png" not in sides.here_are()
    sides.bring()
    assert sides.here_are() == sides.there_are()
    assert not [frame for frame in sides.frames() if frame.kind is FrameKind.BYTES]


def test_files_that_were_lost_come_though_the_log_that_names_them_is_long(
    sides: TwoSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cellrun.core.mirror.named_files._BLOCK_BYTES", 200)
    monkeypatch.setattr("cellrun.core.mirror.sender._MOST_BLOCKS", 2)
    log = EventLog(sides.there)
    for number in range(30):
        sides.write(f"work/outputs/{number}.png", b"png")
        log.image("plot", f"outputs/{number}.png")
    log.close()
    sides.bring([frame for frame in sides.frames() if not frame.file.startswith("work/")])
    sender, receiver = Sender(sides.there, Receiver(sides.here).have()), Receiver(sides.here)
    receiver.take(sender.frames(is_final=False, most_bytes=EVERYTHING))
    assert 0 < sum(path.startswith("work/") for path in sides.here_are()) < 10
    for _ in range(15):
        receiver.take(sender.frames(is_final=False, most_bytes=EVERYTHING))
    assert sides.here_are() == sides.there_are()


def test_files_that_events_name_come_on_though_there_was_no_room_for_them_with_these(sides: TwoSides) -> None:
    names = [f"outputs/{number}.png" for number in range(3)]
    log = EventLog(sides.there)
    for number, name in enumerate(names):
        sides.write(f"work/{name}", bytes([number]) * 2500)
        log.image("plot", name)
    log.close()
    sides.write("work/outputs/model.bin", b"model")
    sender, receiver = Sender(sides.there, block_bytes=1000), Receiver(sides.here)
    receiver.take(sender.frames(is_final=False, most_bytes=1500))
    assert sum(path.startswith("events/") for path in sides.here_are()) == 1
    passes = 1
    while sender.has_more:
        frames = list(sender.frames(is_final=False, most_bytes=1500))
        assert sum(len(frame.data) for frame in frames) < 2500
        receiver.take(frames)
        passes += 1
    assert passes > 3
    assert sides.there_are().keys() - sides.here_are().keys() == {"work/outputs/model.bin"}


def test_a_line_of_events_is_in_one_frame_so_that_what_it_names_comes_with_it(sides: TwoSides) -> None:
    log = EventLog(sides.there)
    for number in range(100):
        sides.write(f"work/outputs/{number}.png", b"png")
        log.image("plot", f"outputs/{number}.png")
    log.close()
    sides.append(LOG, bytes(20_000))
    sender, receiver = Sender(sides.there, block_bytes=1000), Receiver(sides.here)
    for _ in range(40):
        frames = list(sender.frames(is_final=False, most_bytes=3000))
        assert all(frame.data.endswith(b"\n") for frame in frames if frame.file.startswith("events/"))
        receiver.take(frames)
    assert sides.here_are() == sides.there_are()


def test_a_line_of_events_that_no_frame_holds_comes_in_parts(sides: TwoSides) -> None:
    path = "events/0000000a.jsonl"
    sides.append(path, b"first\n" + b"x" * 2500)
    sender, receiver = Sender(sides.there, block_bytes=1000), Receiver(sides.here)
    receiver.take(sender.frames(is_final=False, most_bytes=1500))
    sides.append(path, b"\nlast\ntorn")
    for _ in range(4):
        receiver.take(sender.frames(is_final=False, most_bytes=1500))
    assert sides.here_are()[path] == b"first\n" + b"x" * 2500 + b"\nlast\n"


def test_a_file_that_an_event_names_waits_for_the_end_if_it_changes_before_all_of_it_is_sent(sides: TwoSides) -> None:
    path = "work/outputs/train.txt"
    sides.write(path, bytes(5000))
    log = EventLog(sides.there)
    log.file("outputs/train.txt", 5000)
    log.close()
    sender, receiver = Sender(sides.there, block_bytes=1000), Receiver(sides.here)
    begun = 0
    for second in range(1, 9):
        frames = list(sender.frames(is_final=False, most_bytes=1500))
        begun += any((frame.file, frame.offset) == (path, 0) for frame in frames)
        receiver.take(frames)
        sides.append(path, b"more")
        os.utime(sides.there.folder / path, ns=(0, time.time_ns() + second * 10**9))
    assert 0 < begun < 3
    receiver.take(sender.frames(is_final=True, most_bytes=EVERYTHING))
    assert sides.here_are() == sides.there_are()


def test_a_file_that_an_event_names_comes_again_where_a_part_of_it_is_missing(sides: TwoSides) -> None:
    sides.write("work/outputs/plot.png", bytes(2500))
    log = EventLog(sides.there)
    log.image("plot", "outputs/plot.png")
    log.close()
    sender, receiver = Sender(sides.there, block_bytes=1000), Receiver(sides.here)
    frames = list(sender.frames(is_final=False, most_bytes=EVERYTHING))
    (second,) = [frame for frame in frames if frame.file == "work/outputs/plot.png" and frame.offset == 1000]
    with pytest.raises(GapError) as gap:
        receiver.take(frame for frame in frames if frame is not second)
    assert gap.value.expected == {"work/outputs/plot.png": 1000}
    sender.rewind(gap.value.expected)
    receiver.take(sender.frames(is_final=False, most_bytes=EVERYTHING))
    assert sides.here_are() == sides.there_are()


def test_the_last_status_waits_for_all_else(sides: TwoSides) -> None:
    sides.append(LOG, b"hello")
    sides.write("work/outputs/model.bin", b"model")
    StatusFile(sides.there).change(Status.FAILED, reason="out of memory", exit_code=1)
    frames = sides.frames()
    receiver = sides.bring([frame for frame in frames if frame.file != "work/outputs/model.bin"])
    assert not receiver.is_whole
    assert StatusFile(sides.here).read().status is Status.RUNNING
    receiver.take(frames)
    end = StatusFile(sides.here).read()
    assert (end.status, end.reason, end.fields["exit_code"]) == (Status.FAILED, "out of memory", 1)
    assert receiver.is_whole
    with pytest.raises(RunClosedError):
        receiver.take(frames)


def test_what_is_missing_is_named_when_it_is_given_up(sides: TwoSides) -> None:
    sides.write("work/outputs/model.bin", bytes(3000))
    StatusFile(sides.there).change(Status.COMPLETED)
    frames = sides.frames(block_bytes=1000)
    model = [frame for frame in frames if frame.file == "work/outputs/model.bin"]
    receiver = sides.bring([frame for frame in frames if frame not in model[1:]])
    receiver.give_up("its disk is gone")
    assert StatusFile(sides.here).read().status is Status.COMPLETED
    (note,) = added_notes(sides.here)
    assert all(word in note for word in ("model.bin", "1.0 KB of 3.0 KB", "its disk is gone"))
    assert not sides.here.arriving.exists()


def test_giving_up_a_run_whose_end_nobody_told_leaves_it_to_its_engine(sides: TwoSides) -> None:
    receiver = sides.bring()
    receiver.give_up("the box is gone")
    assert StatusFile(sides.here).read().status is Status.RUNNING
    assert "may be missing" in added_notes(sides.here)[0]


def test_statuses_are_applied_in_order_and_keep_their_numbers(sides: TwoSides) -> None:
    StatusFile(sides.there).change(Status.NOT_RESPONDING, reason="stopped")
    StatusFile(sides.there).change(Status.RUNNING)
    frames = [frame for frame in sides.frames() if frame.file.startswith("status/")]
    receiver = sides.bring(frames[2:])
    assert sides.history() == []
    receiver.take(frames)
    receiver.take(reversed(frames))
    assert sides.history() == [("Running", None), ("NotResponding", "stopped"), ("Running", None)]
    assert StatusFile(sides.here).read().fields["there"] == 3


def test_a_status_that_is_damaged_there_is_passed_over(sides: TwoSides) -> None:
    (sides.there.statuses / "2.json").write_text('{"status": "Queued"}')
    StatusFile(sides.there).change(Status.COMPLETED)
    sides.bring()
    assert sides.history() == [("Running", None), ("Completed", None)]


def test_nobody_there_says_who_owns_a_run_here(sides: TwoSides) -> None:
    StatusFile(sides.there).change(Status.RUNNING, owner=ProcessIdentity.current().to_json(), there=99, silent="Queued")
    sides.bring()
    assert {"owner", "silent"} & StatusFile(sides.here).read().fields.keys() == set()
    assert StatusFile(sides.here).read().fields["there"] == 2


@pytest.mark.parametrize("ahead_s", [3600.0, -3600.0])
def test_times_of_statuses_are_shifted_by_the_clock_there(sides: TwoSides, ahead_s: float) -> None:
    now = time.time()
    StatusFile(sides.there).change(Status.FINALIZING, at=now + ahead_s + 0.001)
    by_beats = [
        frame._replace(facts={**frame.facts, "now": frame.facts["now"] + ahead_s})
        if frame.kind is FrameKind.BEAT
        else frame
        for frame in sides.frames()
    ]
    Receiver(sides.here).take(by_beats)
    assert abs(StatusFile(sides.here).read().at - now) < 60


def test_what_was_said_here_while_nothing_came_leaves_a_run_the_times_that_it_had(sides: TwoSides) -> None:
    sides.bring()
    began = StatusFile(sides.there).read().at
    mark_unresponsive(sides.here, "its machine is away")
    StatusFile(sides.there).change(Status.FINALIZING, at=began + 0.001)
    StatusFile(sides.there).change(Status.COMPLETED, at=began + 0.002)
    mark_responsive(sides.here)
    Receiver(sides.here, 0.0).take(sides.frames(is_final=True))
    end = StatusFile(sides.here).read()
    assert (end.status, end.ended_at) == (Status.COMPLETED, pytest.approx(began + 0.002, abs=1e-4))


def test_a_cancel_that_came_too_late_is_said(sides: TwoSides) -> None:
    ask_to_cancel(sides.here)
    StatusFile(sides.there).change(Status.COMPLETED)
    sides.bring(is_final=True)
    end = StatusFile(sides.here).read()
    assert end.status is Status.COMPLETED
    assert run_notes(sides.here, end) == [CANCELED_TOO_LATE]


def test_a_status_here_never_runs_back_nor_ahead(sides: TwoSides) -> None:
    before = StatusFile(sides.here).read().at
    StatusFile(sides.there).change(Status.FINALIZING, at=time.time() + 10_000)
    Receiver(sides.here, 0.0).take(sides.frames())
    assert before <= StatusFile(sides.here).read().at <= time.time()


def test_notes_from_there_are_added_once(sides: TwoSides) -> None:
    add_note(sides.here, "ours")
    add_note(sides.there, "first")
    sides.bring()
    add_note(sides.there, "second")
    sides.append("notes.jsonl", b'{"note": "half')
    sides.bring()
    sides.bring()
    assert added_notes(sides.here) == ["ours", "first", "second"]


def test_summaries_are_made_here(sides: TwoSides) -> None:
    log = EventLog(sides.there)
    for step in range(5):
        log.log("loss", step)
    log.close()
    (sides.there.folder / "summary" / "0000000a.json").write_text('{"hostile": true}')
    StatusFile(sides.there).change(Status.COMPLETED)
    sides.bring()
    assert len(read_summaries(sides.here)) == 1
    assert run_summary(sides.here).metrics["loss"].count == 5


def results_of(sides: TwoSides, content: bytes = b"[1, 2]") -> Blob:
    """Let the run give something back there."""
    blob = ValueStore(sides.there.workspace.values, pickles_like="sha256-").put_pickle(content)
    group = Group(("found",), blob, (), "json")
    context = Context("3.11", "cell", groups=(group,), returns=("found",), needs=(), run=sides.there.run_id)
    context.write(sides.there.results)
    (sides.there.results / "context.sig").write_text("of there")
    return blob


def test_results_come_with_their_values_and_are_signed_as_ours(sides: TwoSides) -> None:
    blob = results_of(sides)
    StatusFile(sides.there).change(Status.COMPLETED)
    sides.bring()
    path = sides.here.results / CONTEXT_FILE
    assert why_untrusted(path, path.read_bytes()) == ""
    assert bytes(ValueStore(sides.here.workspace.values).read(blob)) == b"[1, 2]"


def test_a_value_whose_content_isnt_its_name_is_not_kept(sides: TwoSides) -> None:
    """It is sent once more, for the disk here may have lost a part of it; then the run ends without it."""
    blob = results_of(sides)
    ValueStore(sides.there.workspace.values).path(blob).write_bytes(b"[6, 6]")
    StatusFile(sides.there).change(Status.COMPLETED)
    with pytest.raises(GapError):
        sides.bring()
    assert StatusFile(sides.here).read().status is Status.RUNNING
    with pytest.raises(ConflictError):
        sides.bring()
    assert not ValueStore(sides.here.workspace.values).path(blob).exists()
    assert StatusFile(sides.here).read().status is Status.COMPLETED
    assert added_notes(sides.here) == [f"'values/{blob.hash}' isn't what its name says: it isn't kept"]


def test_a_value_that_is_here_isnt_sent_again(sides: TwoSides) -> None:
    """Else one larger than what comes at once would keep all behind it from coming, for ever."""
    results_of(sides)
    sides.bring(is_final=True)
    assert not any(frame.data for frame in sides.frames(is_final=True))


def test_a_value_that_no_result_names_is_not_kept(sides: TwoSides) -> None:
    name = f"sha256-{hashlib.sha256(b'x').hexdigest()}"
    with pytest.raises(GapError):
        sides.bring([piece(sides, f"values/{name}", 0, b"x", 1)])
    assert not list(sides.here.workspace.values.rglob(name))


@pytest.mark.parametrize(
    "path",
    [
        *("run.json", "signed.json", "signed.sig", "launch.json", "launch.sig", "target.json", "process.json"),
        *("started", "completion.json", "arriving.lock", "arriving/came.jsonl", "snapshot/train.py"),
        *(
            "context/context.json",
            "requests/cancel.json",
            "summary/0000000a.json",
            "status/reserve-1",
            "status/00.json",
        ),
        *("status/1.json/x", "events/x.jsonl", "events/../run.json", "user_logs/../run.json", "work/../run.json"),
        *("../run.json", "/etc/passwd", "", ".", "work", "work/", "work//x", "work/./x", "files/\0", "files/\ud800"),
        *("results/context.sig", "values/x", "values/../../x", f"files/{'x' * 256}", "files/" + "x/" * 700 + "x"),
        *(".environment.json.01234567", "notes.jsonl/x"),
    ],
)
def test_a_file_that_is_ours_or_none_is_never_taken(sides: TwoSides, path: str) -> None:
    def files() -> dict[str, bytes]:
        folder = sides.here.workspace.folder.parent
        return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    sides.bring([])
    before = files()
    with pytest.raises(FrameError):
        sides.bring([piece(sides, path, 0, b"x", 1)])
    assert files() == before


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"size": 0, "mtime_ns": 1},
        {"size": "1", "mtime_ns": 1},
        {"size": 1, "mtime_ns": -1},
        {"size": 2**70, "mtime_ns": 1},
    ],
)
def test_a_frame_that_says_no_size_is_refused(sides: TwoSides, facts: dict[str, object]) -> None:
    with pytest.raises(FrameError):
        sides.bring([Frame(sides.here.run_id, FrameKind.BYTES, "work/outputs/a", 0, b"x", facts)])


def test_a_frame_of_another_run_is_refused(sides: TwoSides) -> None:
    with pytest.raises(FrameError, match="came for run"):
        sides.bring([piece(sides, LOG, 0, b"x")._replace(run="digits_1_00000000")])


def test_more_files_than_a_run_has_are_refused(sides: TwoSides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellrun.core.mirror.arriving.MOST_FILES", 3)
    monkeypatch.setattr("cellrun.core.mirror.receiver.MOST_GROWING", 2)
    logs = [piece(sides, f"events/0000000{n}.jsonl", 0, b"\n") for n in range(4)]
    with pytest.raises(FrameError, match="2 logs"):
        sides.bring(logs)
    files = [piece(sides, f"work/outputs/{n}", 0, b"x", 1) for n in range(4)]
    with pytest.raises(FrameError, match="more than 3 files"):
        sides.bring(files)


def test_a_run_that_isnt_heard_of_there_is_not_responding_as_of_the_last_sync(
    sides: TwoSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the way to it is cut, silence counts up to what came last."""
    monkeypatch.setenv("CELLRUN_SILENCE_S", "100")
    monkeypatch.setenv("CELLRUN_HEARTBEAT_S", "0.01")
    ProcessFile(sides.there).write(RunProcesses(ProcessIdentity.current(), None))
    old = time.time() - 90
    os.utime(sides.there.processes, (old, old))
    sides.bring()
    sides.bring()
    assert StatusFile(sides.here).read().status is Status.RUNNING
    os.utime(sides.there.processes, (old - 20, old - 20))
    for _ in range(2):
        sides.bring()
        time.sleep(0.05)
    sides.bring()
    silent = StatusFile(sides.here).read()
    assert (silent.status, "no heartbeat" in str(silent.reason)) == (Status.NOT_RESPONDING, True)
    os.utime(sides.there.processes)
    sides.bring()
    assert StatusFile(sides.here).read().status is Status.RUNNING
    HEARTBEAT_MONITOR._since.clear()


def test_the_end_takes_the_key_and_what_was_kept_for_the_way(sides: TwoSides) -> None:
    new_key(sides.here)
    StatusFile(sides.there).change(Status.CANCELED)
    sides.bring()
    assert key_of(sides.here) is None
    assert not sides.here.arriving.exists()


def test_what_a_short_run_was_run_by_is_waited_for(sides: TwoSides, monkeypatch: pytest.MonkeyPatch) -> None:
    sides.there.environment.unlink()
    StatusFile(sides.there).change(Status.COMPLETED)
    sender = Sender(sides.there)
    frames = list(sender.frames(is_final=True, most_bytes=EVERYTHING))
    assert sender.has_more
    sides.bring(frames)
    assert StatusFile(sides.here).read().status is Status.RUNNING
    sides.there.environment.write_text("{}")
    sides.bring(sender.frames(is_final=True, most_bytes=EVERYTHING))
    assert StatusFile(sides.here).read().status is Status.COMPLETED
    assert sides.here.environment.read_text() == "{}"


def test_it_isnt_waited_for_until_a_clock_that_was_put_back_has_caught_up(sides: TwoSides) -> None:
    sides.there.environment.unlink()
    StatusFile(sides.there).change(Status.COMPLETED)
    for path in sides.there.statuses.iterdir():
        os.utime(path, (time.time() + 3600, time.time() + 3600))
    sides.bring()
    assert StatusFile(sides.here).read().status is Status.COMPLETED


def test_it_isnt_waited_for_long(sides: TwoSides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_statuses, "RECORD_S", 0.0)
    sides.there.environment.unlink()
    StatusFile(sides.there).change(Status.COMPLETED)
    sides.bring()
    assert StatusFile(sides.here).read().status is Status.COMPLETED


def test_a_file_that_cant_be_sent_is_told(sides: TwoSides) -> None:
    sides.write("work/outputs/" + "/".join(["deep" * 20] * 20), b"x")
    sides.write("work/outputs/z", bytes(50_000))
    StatusFile(sides.there).change(Status.COMPLETED)
    sender = Sender(sides.there, block_bytes=1000)
    for _ in range(10):  # however many passes it takes
        if not StatusFile(sides.here).read().status.is_terminal:
            sides.bring(sender.frames(is_final=True, most_bytes=20_000))
    assert StatusFile(sides.here).read().status is Status.COMPLETED
    assert any("path is too long" in note for note in added_notes(sides.here))


def test_a_log_that_never_stops_keeps_nothing_else_from_coming(sides: TwoSides) -> None:
    log = EventLog(sides.there)
    log.log("loss", 1.0)
    sides.append(LOG, bytes(200_000))
    frames = sides.frames(most_bytes=10_000, block_bytes=1000)
    assert {frame.file.partition("/")[0] for frame in frames} >= {"events", "user_logs", "status"}
    log.close()


def test_what_a_job_works_with_isnt_looked_at_while_it_goes_on(
    sides: TwoSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have a million files: no look at the run costs their number."""
    sides.write("work/data/1", b"x")
    looked: list[str] = []
    fwalk = os.fwalk
    monkeypatch.setattr("os.fwalk", lambda top, **options: looked.append(top) or fwalk(top, **options))
    sides.frames()
    assert looked == []
    sides.frames(is_final=True)
    assert looked == ["work"]


@pytest.mark.parametrize("path", [LOG, "notes.jsonl", "events/0000000a.jsonl", "work/outputs/empty"])
def test_of_an_empty_file_nothing_is_missing(sides: TwoSides, path: str) -> None:
    sides.write(path, b"")
    StatusFile(sides.there).change(Status.COMPLETED)
    sides.bring()
    assert StatusFile(sides.here).read().status is Status.COMPLETED


def test_sizes_that_say_none_are_refused(sides: TwoSides) -> None:
    for facts in ({}, {"sizes": {"a": -1}, "count": 1, "made_ns": 1}, {"sizes": [], "count": 1, "made_ns": 1}):
        with pytest.raises(FrameError):
            sides.bring([Frame(sides.here.run_id, FrameKind.SIZES, facts=facts)])


def test_lists_are_told_that_a_run_changed(sides: TwoSides) -> None:
    before = sides.here.workspace.changes.read_bytes()
    sides.bring()
    assert sides.here.run_id.encode() in sides.here.workspace.changes.read_bytes()[len(before) :]


def test_two_who_take_the_same_at_once_take_it_once(sides: TwoSides, tmp_path: Path) -> None:
    """Any process can go on: each reads what has come from the folder."""
    sides.append(LOG, b"hello ")
    one, other = Receiver(sides.here, 0.0), Receiver(sides.here, 0.0)
    frames = sides.frames()
    one.take(frames)
    sides.append(LOG, b"world")
    more = sides.frames()
    other.take(more)
    one.take(more)
    assert sides.here_are() == sides.there_are()
    assert json.loads(sides.here.environment.read_bytes()) == {}


def test_many_who_take_the_same_at_once_take_it_once(sides: TwoSides) -> None:
    frames = [piece(sides, LOG, offset, b"%03d\n" % (offset // 4)) for offset in range(0, 800, 4)]
    frames += [piece(sides, f"work/outputs/{n}", 0, b"x", 1) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: sides.bring(frames), range(8)))
    assert sides.here.log.read_bytes() == b"".join(b"%03d\n" % n for n in range(200))
    assert len(sides.here_are()) == 41


def test_on_a_full_disk_here_what_comes_waits_until_there_is_room(
    tmp_path: Path, small_disk: Callable[[], SmallDisk]
) -> None:
    disk = small_disk()
    sides = TwoSides.made(tmp_path, made_workspace(disk.folder / "here"))
    sides.append(LOG, b"x" * 300_000)
    sides.bring()
    disk.fill()
    sides.append(LOG, b"y" * 300_000)
    sides.write("work/outputs/model.bin", os.urandom(300_000))
    StatusFile(sides.there).change(Status.COMPLETED)
    frames = sides.frames(block_bytes=50_000)
    with pytest.raises(OSError, match="No space left"):
        sides.bring(frames)
    assert sides.there_are()[LOG].startswith(sides.here_are()[LOG])
    disk.free()
    sides.bring()
    assert sides.here_are() == sides.there_are()
    assert StatusFile(sides.here).read().status is Status.COMPLETED


def test_statuses_far_ahead_of_those_before_them_are_not_kept(sides: TwoSides) -> None:
    """Each may be long, and all that wait are read with every frame."""
    long = json.dumps({"status": "Running", "at": 1.0, "reason": "x" * 100, "fields": {}, "started_at": None}).encode()
    frames = [piece(sides, f"status/{n}.json", 0, long, len(long)) for n in range(1, 200)]
    with pytest.raises(GapError):
        sides.bring(frames)
    assert len(list(sides.here.arriving.glob("status-*"))) == MOST_STATUSES_WAITING - 1
    first = piece(sides, "status/0.json", 0, long, len(long))
    for _ in range(3):
        with suppress(GapError):
            sides.bring([first, *frames])
    sides.bring(frames)
    assert StatusFile(sides.here).read().fields["there"] == 199


def test_of_notes_without_end_those_are_read_that_a_run_may_have(
    sides: TwoSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    added: list[str] = []
    monkeypatch.setattr(receiver, "add_note", lambda _, note: added.append(note))
    sides.bring([piece(sides, "notes.jsonl", 0, b'{"note": "x"}\n' * 50_000)])
    assert len(added) == MOST_NOTES


def test_files_that_come_in_parts_have_an_end(sides: TwoSides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "MOST_PARTS", 3)
    with pytest.raises(FrameError, match="parts"):
        sides.bring(piece(sides, f"work/outputs/{n}", 0, b"x", 2) for n in range(10))
    assert len(list(sides.here.arriving.glob("*.part"))) <= 3
    sides.bring([piece(sides, "work/outputs/0", 1, b"y", 2), piece(sides, "work/outputs/7", 0, b"x", 2)])


def test_files_that_differ_have_an_end(sides: TwoSides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "MOST_FILES", 5)
    sides.bring([piece(sides, "work/file", 0, b"x", 1)])
    with pytest.raises(FrameError, match="more than 5 files"):
        sides.bring(piece(sides, f"work/file/{n}", 0, b"x", 1) for n in range(10))
    assert len((sides.here.arriving / "came.jsonl").read_bytes().splitlines()) == 5


def test_sizes_that_no_file_can_have_are_refused(sides: TwoSides) -> None:
    facts = {"sizes": {"work/outputs/x": 10**400}, "count": 1, "made_ns": 1}
    with pytest.raises(FrameError, match="says none"):
        sides.bring([Frame(sides.here.run_id, FrameKind.SIZES, facts=facts)])


def test_sizes_of_more_files_than_a_run_has_are_not_kept_in_mind(
    sides: TwoSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "MOST_FILES", 5)
    facts = {"sizes": {f"work/outputs/{n}": 0 for n in range(9)}, "count": 3, "made_ns": 1}
    receiver = sides.bring([Frame(sides.here.run_id, FrameKind.SIZES, facts=facts)])
    assert not receiver.is_whole


def test_nothing_is_put_together_where_a_link_leads(sides: TwoSides, tmp_path: Path) -> None:
    """A run folder that came from somebody else may have a link in the place of what has arrived."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "status-7").write_text("precious")
    sides.here.arriving.symlink_to(tmp_path / "outside")
    receiver = Receiver(sides.here, 0.0)
    for ask in (lambda: receiver.take([piece(sides, "work/x", 0, b"x", 2)]), lambda: receiver.give_up("gone")):
        with pytest.raises(OSError, match="symbolic links"):
            ask()
    assert {path.name: path.read_text() for path in (tmp_path / "outside").iterdir()} == {"status-7": "precious"}
