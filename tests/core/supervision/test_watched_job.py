"""A job as its supervisor sees it."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes.exits import UNKNOWN_EXIT, JobExit
from cellrun.core.processes.memory_group import MemoryGroup
from cellrun.core.supervision.watched_job import WatchedJob
from tests.core.processes.test_exits import tells_exits

TICK_S = 2 / os.sysconf("SC_CLK_TCK")  # the kernel's unit of a start time, and /proc/uptime's


@pytest.fixture
def waiting() -> Iterator[subprocess.Popen]:
    """A process that ends with its input."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.mark.parametrize(("act", "expected"), [("os._exit(4)", JobExit(4, None)), ("os.abort()", JobExit(None, 6))])
def test_the_exit_of_a_child_is_a_code_or_a_signal(act, expected):
    job = WatchedJob.own(os.posix_spawn(sys.executable, [sys.executable, "-c", f"import os; {act}"], os.environ))
    while job.poll() is None:
        job.wait(1)
    assert job.poll() == expected


def test_waiting_ends_with_the_job(waiting):
    job = WatchedJob.own(waiting.pid)
    job.wait(0.01)
    assert job.poll() is None
    waiting.stdin.close()
    job.wait(60)  # the test's own time limit is the deadline
    assert job.poll() == JobExit(0, None)


def test_of_a_job_taken_over_the_end_is_seen_and_how_where_the_system_tells(waiting):
    job = WatchedJob(ProcessIdentity.of(waiting.pid), is_own=False)
    assert job.poll() is None
    waiting.kill()
    waiting.wait()
    job.wait(60)
    assert job.poll() == (JobExit(None, 9) if tells_exits() else UNKNOWN_EXIT)


class Counted:
    """A control group that has killed so many."""

    killed: int | None = 0

    def kills(self) -> int | None:
        return self.killed

    def use(self) -> str:
        return "limit 40.0 MB"


@pytest.mark.parametrize(
    ("before", "a_beat_later", "then", "at_its_end", "lack"),
    [
        (0, 0, 0, 1, "limit 40.0 MB"),
        (0, 0, 1, 1, "limit 40.0 MB"),
        (0, 1, 1, 1, ""),
        (3, 3, 3, 3, ""),
        (None, None, None, None, None),
    ],
)
def test_who_was_killed_long_ago_was_not_the_job(monkeypatch, waiting, before, a_beat_later, then, at_its_end, lack):
    """A group holds others too, and a process that is killed takes a while to be gone."""
    group = Counted()
    group.killed = before
    monkeypatch.setattr(MemoryGroup, "of", lambda _: group)
    job = WatchedJob(ProcessIdentity.of(waiting.pid), is_own=False)
    for group.killed in (a_beat_later, then):
        job.beat()
    waiting.kill()
    waiting.wait()
    group.killed = at_its_end
    assert job.poll()
    assert job.memory_lack == lack


OOM_GROUPS = [
    Path("/sys/fs/cgroup/memory/cellrun-test"),
    Path("/sys/fs/cgroup/cellrun-test"),
]


@pytest.fixture
def group_of_40_mb() -> Iterator[Path]:
    """A control group with room for 40 MB."""
    for folder, limit in zip(OOM_GROUPS, ("memory.limit_in_bytes", "memory.max"), strict=True):
        try:
            folder.mkdir()
            (folder / limit).write_text("40000000")
        except OSError:  # no root, not this version
            with suppress(OSError):
                folder.rmdir()
            continue
        yield folder
        folder.rmdir()
        return
    pytest.skip("needs root, and a memory control group that it may part")


def test_b4_a_job_that_the_system_kills_for_want_of_memory(group_of_40_mb):
    eat = f"""
import os, sys
open({str(group_of_40_mb / "cgroup.procs")!r}, "w").write(str(os.getpid()))
print("in", flush=True)
sys.stdin.read()
eaten = []
while True:
    eaten.append(bytearray(5_000_000))
"""
    with subprocess.Popen([sys.executable, "-c", eat], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"in\n"
        job = WatchedJob.own(process.pid)
        process.stdin.close()
        while job.poll() is None:
            job.wait(1)
        process.returncode = -9
    assert job.poll() == JobExit(None, 9)
    assert re.fullmatch(r"limit 40\.0 MB(, peak \d+\.\d MB)?", job.memory_lack)


def test_its_age_counts_from_its_start():
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    with subprocess.Popen(["sleep", "60"]) as process:
        after = time.clock_gettime(time.CLOCK_BOOTTIME)
        time.sleep(0.1)
        least = time.clock_gettime(time.CLOCK_BOOTTIME) - after
        age = WatchedJob(ProcessIdentity.of(process.pid), is_own=False).age_s
        most = time.clock_gettime(time.CLOCK_BOOTTIME) - before
        process.kill()
    assert least - TICK_S <= age <= most + TICK_S
