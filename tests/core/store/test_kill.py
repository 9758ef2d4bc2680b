"""SIGKILL at a random moment: what a log call returned from is there, once, in order (C1)."""

from __future__ import annotations

import mmap
import random
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.events.summary import listed_summary
from cellrun.core.store.status import Status, StatusFile
from tests.core.store.event_samples import LOG_OF

JOB = """
import mmap, time
with open(sys.argv[2], "r+b") as file:
    acknowledged = memoryview(mmap.mmap(file.fileno(), 8)).cast("q")  # stored whole; struct would write zeros first
pause_s = float(sys.argv[3])
i = 0
while True:
    log.log("m", i)
    i += 1
    acknowledged[0] = i
    if pause_s:
        time.sleep(pause_s)
"""


@pytest.mark.parametrize(
    ("kills", "pause_s"),
    [(8, 0), (3, 0.005), pytest.param(500, 0, marks=[pytest.mark.long, pytest.mark.timeout(1800)])],
)
def test_nothing_acknowledged_is_lost(
    kills: int, pause_s: float, new_run: Callable[..., RunLayout], tmp_path: Path
) -> None:
    dice = random.Random(1)
    counter = tmp_path / "acknowledged"
    for _ in range(kills):
        layout = new_run()
        counter.write_bytes(bytes(8))
        with counter.open("r+b") as file:
            acknowledged = mmap.mmap(file.fileno(), 8)
        command = [sys.executable, "-c", LOG_OF + JOB, layout.folder, counter, pause_s]
        job = subprocess.Popen(list(map(str, command)))
        deadline = time.monotonic() + 60
        while struct.unpack_from("<q", acknowledged, 0)[0] == 0:
            assert job.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(dice.uniform(0, 0.05))
        job.send_signal(signal.SIGKILL)
        job.wait()
        returned = struct.unpack_from("<q", acknowledged, 0)[0]

        reader = EventReader(layout)
        metrics = Metrics(reader)
        metrics.update()
        values = metrics.metrics["m"].columns["m"].values()
        assert values == list(range(len(values)))
        assert returned <= len(values) <= returned + 1  # the last one may have been written and not acknowledged
        assert reader.damage == []
        assert len(reader.torn()) <= 1
        assert listed_summary(layout, has_ended=True).metrics["m"].count == len(values)


KILLED_CHANGE = """
import os, sys
from cellrun.core.store.status import Status
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import StatusFile
folder, name, moment = sys.argv[1:]
call = getattr(os, name)
def die(*arguments, **options):
    if moment == "after":
        call(*arguments, **options)
    os.kill(os.getpid(), 9)
setattr(os, name, die)
StatusFile(RunLayout(folder)).change(Status.RUNNING)
"""


@pytest.mark.parametrize(
    ("name", "moment", "seen"),
    [
        ("write", "before", Status.NOT_STARTED),
        ("fsync", "before", Status.NOT_STARTED),
        ("link", "before", Status.NOT_STARTED),
        ("link", "after", Status.RUNNING),
    ],
)
def test_a_status_is_old_or_new_whenever_its_writer_dies(
    name: str, moment: str, seen: Status, new_run: Callable[..., RunLayout]
) -> None:
    """It is never empty (B15), and the draft that is left is swept at the run's end."""
    layout = new_run()
    command = [sys.executable, "-c", KILLED_CHANGE, str(layout.folder), name, moment]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert StatusFile(layout).read().status is seen
    assert len(list(layout.statuses.glob("*.tmp"))) == 1
    StatusFile(layout).change(Status.COMPLETED)
    assert StatusFile(layout).read().status is Status.COMPLETED
    assert list(layout.statuses.glob("*.tmp")) == []
