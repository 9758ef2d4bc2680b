"""A job as its supervisor sees it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes.exits import UNKNOWN_EXIT, JobExit
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
