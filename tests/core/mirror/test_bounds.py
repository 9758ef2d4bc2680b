"""What a far side sends takes no more of this machine than it should, and nothing that it can send goes on for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellrun.core.errors import GapError
from cellrun.core.mirror.frame import Frame, FrameKind
from cellrun.core.mirror.receiving import Receiver
from cellrun.core.status import Status
from cellrun.core.store.status_file import StatusFile
from tests.core.mirror.two_sides import TwoSides


def status_frame(sides: TwoSides, n: int, status: Status) -> Frame:
    """A status of a number, as its supervisor there might have written it."""
    data = json.dumps({"status": status.value, "at": 1.0, "reason": "so", "fields": {}, "started_at": None}).encode()
    facts = {"size": len(data), "mtime_ns": 0}
    return Frame(sides.here.run_id, FrameKind.BYTES, f"status/{n}.json", 0, data, facts)


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
