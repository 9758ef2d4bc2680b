"""A run that its engine starts again in the same folder: what was written goes on, and all of it comes home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cellrun.core.disk.control_file import parsed
from cellrun.core.errors import RunClosedError
from cellrun.core.identity import run_variables
from cellrun.core.resources import Resources
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.attempts import Attempt
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.start import order, supervisor_command
from tests.core.mirror.two_sides import TwoSides

DEADLINE_S = 60
JOB = """
import pathlib, time
from cellrun.core import Run
saved = pathlib.Path("checkpoint")
Run.get_context().log("loss", 1.0 if saved.exists() else 2.0)
print("again" if saved.exists() else "first", flush=True)
if not saved.exists():
    saved.touch()
    time.sleep(600)
"""


@pytest.fixture
def spec(sides: TwoSides) -> LaunchSpec:
    """How the run's job is started there."""
    for folder in (sides.there.work, sides.there.log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    spec = LaunchSpec(
        argv=(sys.executable, "-c", JOB),
        supervisor=tuple(supervisor_command()),
        python=sys.executable,
        is_shell=False,
        resources=Resources(1, 0, 0),
        max_run_duration_seconds=None,
        grace_s=1.0,
        heartbeat_s=1.0,
        silence_s=60.0,
        set_variables={},
        given_names=(),
        inherited_names=(),
        before=(),
        afterwards=(),
    )
    spec.write(sides.there)
    StatusFile(sides.there).change(Status.STARTING)
    return spec


def start(sides: TwoSides, spec: LaunchSpec, attempt: Attempt) -> subprocess.Popen[bytes]:
    """Start a supervisor in the foreground, as an engine does."""
    path = sides.there.folder.parent / "order"
    path.write_bytes(order(sides.there, spec, attempt.number))
    environment = {**os.environ, **run_variables(sides.there), **attempt.variables()}
    return subprocess.Popen([*spec.supervisor, str(sides.there.folder), str(path), "Slurm"], env=environment)


def test_a_run_that_is_started_again_goes_on_and_comes_home_whole(sides: TwoSides, spec: LaunchSpec) -> None:
    first = Attempt.next_of(sides.there, "preempted")
    assert first.number == 1
    with start(sides, spec, first) as supervisor:
        deadline = time.monotonic() + DEADLINE_S
        while b"first" not in read(sides.there.log) or StatusFile(sides.there).read().status is not Status.RUNNING:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        sides.bring()
        job = parsed(sides.there.folder, sides.there.processes, read(sides.there.processes))["job"]["pid"]
        supervisor.kill()  # its machine is taken away
        os.kill(job, signal.SIGKILL)
    again = Attempt.next_of(sides.there, "preempted: node n7 was taken")
    assert again.number == 2
    sides.bring()
    queued = StatusFile(sides.here).read()
    assert (queued.status, queued.reason, queued.fields["attempt"]) == (
        Status.QUEUED,
        "preempted: node n7 was taken",
        2,
    )
    with start(sides, spec, again) as supervisor:
        assert supervisor.wait(timeout=DEADLINE_S) == 0
    while not StatusFile(sides.here).read().status.is_terminal:
        sides.bring()
    assert StatusFile(sides.here).read().status is Status.COMPLETED
    assert sides.here.log.read_text() == "first\nagain\n"
    events = EventReader(sides.here).read()
    assert [event["v"] for event in events if event["k"] == "log"] == [2.0, 1.0]
    assert [event["attempt"] for event in events if event["k"] == "writer"] == [0, 1]
    assert [status for status, _ in sides.history()] == [
        *("Running", "Starting", "Running", "Queued", "Running", "Finalizing", "Completed")
    ]
    with pytest.raises(RunClosedError):
        Attempt.next_of(sides.there, "preempted")


def test_of_two_supervisors_of_one_attempt_one_starts_the_job(sides: TwoSides, spec: LaunchSpec) -> None:
    sides.there.claim_of(1).touch()
    with start(sides, spec, Attempt(1)) as supervisor:
        assert supervisor.wait(timeout=DEADLINE_S) == 1
    assert read(sides.there.log) == b""


def read(path: Path) -> bytes:
    """Return what a file has; nothing of one that isn't there."""
    return path.read_bytes() if path.exists() else b""


def test_an_engines_cancel_reaches_the_run(sides: TwoSides, spec: LaunchSpec) -> None:
    """However early it comes: from before there is a job that it could leave alone."""
    supervisor = start(sides, spec, Attempt.next_of(sides.there, "started"))
    deadline = time.monotonic() + DEADLINE_S
    while not sides.there.claim.exists():
        assert time.monotonic() < deadline
        time.sleep(0.001)
    supervisor.send_signal(signal.SIGUSR1)
    supervisor.wait(DEADLINE_S)
    assert StatusFile(sides.there).read().status is Status.CANCELED
