"""What a far side sends takes no more of this machine than it should, and nothing that it can send goes on for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellrun.core.mirror.final_sizes import FinalSizes
from cellrun.core.mirror.frame import Frame, FrameKind
from cellrun.core.mirror.frame_errors import GapError
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.store.notes import MOST_NOTES, added_notes
from cellrun.core.store.status import Status, StatusFile
from tests.core.mirror.two_sides import TwoSides


def status_frame(sides: TwoSides, n: int, status: Status) -> Frame:
    """A status of a number, as its supervisor there might have written it."""
    data = json.dumps({"status": status.value, "at": 1.0, "reason": "so", "fields": {}, "started_at": None}).encode()
    facts = {"size": len(data), "mtime_ns": 0}
    return Frame(sides.here.run_id, FrameKind.BYTES, f"status/{n}.json", 0, data, facts)


def sizes_frame(sides: TwoSides, sizes: dict[str, int], *, count: int, made_ns: int = 1) -> Frame:
    """What a sender says of sizes."""
    facts = {"sizes": sizes, "count": count, "made_ns": made_ns}
    return Frame(sides.here.run_id, FrameKind.SIZES, facts=facts)


def test_a_status_far_ahead_of_those_that_came_isnt_waited_for_number_by_number(sides: TwoSides) -> None:
    sides.bring()
    with pytest.raises(GapError) as caught:
        sides.bring([status_frame(sides, 99_999, Status.FAILED)])
    assert caught.value.expected == {"status/99999.json": 0}
    sides.bring([status_frame(sides, 60, Status.FAILED)])
    Receiver(sides.here).give_up("its machine is gone")
    assert StatusFile(sides.here).read().status is Status.FAILED


def test_statuses_that_wait_for_one_before_them_are_so_many(sides: TwoSides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellrun.core.mirror.assembly.MOST_STATUSES_WAITING", 3)
    sides.bring()
    with pytest.raises(GapError):
        sides.bring([status_frame(sides, n, Status.RUNNING) for n in range(3, 10)])
    assert len(list(Path(sides.here.arriving).glob("status-*"))) == 2


def test_a_run_ends_that_has_more_notes_than_are_taken(sides: TwoSides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellrun.core.mirror.receiver.MOST_NOTES_BYTES", 1000)
    sides.write("notes.jsonl", b'{"note": "x"}\n' * 100)
    StatusFile(sides.there).change(Status.COMPLETED)
    sides.bring()
    assert StatusFile(sides.here).read().status is Status.COMPLETED


def test_no_more_notes_are_read_than_are_kept(sides: TwoSides) -> None:
    sides.write("notes.jsonl", b"".join(b'{"note": "%d"}\n' % n for n in range(200)))
    sides.bring()
    assert added_notes(sides.here) == [str(n) for n in range(MOST_NOTES)]


def test_a_run_ends_that_has_more_files_than_are_taken(sides: TwoSides, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are left out and told of: else its frames would be refused, and it would go on here for ever."""
    for module in ("arriving", "remote_files"):
        monkeypatch.setattr(f"cellrun.core.mirror.{module}.MOST_FILES", 7)
    for module in ("receiver", "remote_files"):
        monkeypatch.setattr(f"cellrun.core.mirror.{module}.MOST_GROWING", 2)
    for n in range(5):
        sides.write(f"events/0000000{n}.jsonl", b"\n")
        sides.write(f"work/outputs/{n}", b"x")
    StatusFile(sides.there).change(Status.COMPLETED)
    sides.bring()
    assert StatusFile(sides.here).read().status is Status.COMPLETED
    assert "work/outputs/3" in sides.here_are()
    assert added_notes(sides.here) == [
        "not brought here: events/00000002.jsonl: it is one of more than 2, work/outputs/4: it is one of more than 4"
    ]


def test_what_is_told_of_sizes_is_read_once(sides: TwoSides, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run with many files has many frames of sizes: each read anew with the next, 200,000 would take hours."""
    read: list[int] = []
    apply = FinalSizes._apply
    monkeypatch.setattr(FinalSizes, "_apply", lambda self, told: (read.append(1), apply(self, told))[1])
    frames = [sizes_frame(sides, {f"work/outputs/{n}": 1}, count=50) for n in range(50)]
    receiver = Receiver(sides.here, 0.0)
    for frame in frames:
        receiver.take([frame])
    assert len(read) == 50
    assert Receiver(sides.here, 0.0).is_whole is False


def test_sizes_that_another_process_was_told_are_known(sides: TwoSides) -> None:
    one, other = Receiver(sides.here, 0.0), Receiver(sides.here, 0.0)
    one.take([sizes_frame(sides, {"work/outputs/a": 1}, count=1, made_ns=1)])
    other.take([sizes_frame(sides, {"work/outputs/b": 0}, count=2, made_ns=2)])
    one.take([sizes_frame(sides, {"work/outputs/a": 0}, count=2, made_ns=2)])
    one.take([sizes_frame(sides, {"work/outputs/c": 9}, count=1, made_ns=1)])
    other.give_up("so")
    missing = "work/outputs/b (0 bytes of 0 bytes), work/outputs/a (0 bytes of 0 bytes)"
    assert added_notes(sides.here) == [f"not all of it could be brought here (so): {missing}"]
    assert len(list(sides.here.arriving.glob("sizes-*"))) == 1
