"""A run is canceled also where its disk takes no request."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.identity import ProcessIdentity, run_variables
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile
from tests.core.submitted_runs import Runs
from tests.core.supervision.test_run_folder import Until, begin, is_anybody_left, on_disk
from tests.small_disk import SmallDisk

STUBBORN = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print('up', flush=True)
time.sleep(600)
"""


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """A file that never is there: these jobs end by being stopped."""
    return tmp_path / "go"


def refuse_requests(layout: RunLayout) -> None:
    """Let nobody leave a request, as a disk does that is full or read-only."""
    layout.cancel_request.parent.touch()


def test_its_supervisor_hears_a_signal(runs: Runs, go: Path, until: Until) -> None:
    layout = begin(runs, go)
    refuse_requests(layout)
    runs.target(layout).cancel(layout)
    end = runs.end(layout)
    assert (end.status, end.reason, end.fields["signal"]) == (Status.CANCELED, "canceled", "SIGINT")
    until(lambda: not is_anybody_left(layout), "its processes to go")


def test_one_that_would_not_hear_it_is_not_ended_by_it(runs: Runs) -> None:
    """As those of cellrun 0.1."""
    layout = runs.running(runs.script("import time; time.sleep(600)"))
    told = ProcessFile(layout).read()
    assert told
    with subprocess.Popen(["sleep", "600"], env=run_variables(layout), start_new_session=True) as supervisor:
        ProcessFile(layout).write(told._replace(supervisor=ProcessIdentity.of(supervisor.pid)))
        refuse_requests(layout)
        with pytest.raises(ExperimentExecutionException, match="can't be asked to stop"):
            runs.target(layout).cancel(layout)
        assert supervisor.poll() is None
        ProcessFile(layout).write(told)
        supervisor.kill()
    runs.target(layout).cancel(layout)
    assert runs.end(layout).status is Status.CANCELED


def test_one_more_asks_for_the_next_step(runs: Runs, until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLRUN_GRACE_S", "600")
    layout = runs.printed(runs.running(runs.script(STUBBORN)), "up")
    refuse_requests(layout)
    runs.target(layout).cancel(layout)
    until(lambda: StatusFile(layout).read().status is Status.CANCEL_REQUESTED, "the first step")
    runs.target(layout).cancel(layout)
    end = runs.end(layout)
    assert (end.status, end.fields["signal"]) == (Status.CANCELED, "SIGTERM")


def test_what_a_dead_supervisor_left_is_stopped_from_here(runs: Runs, go: Path, until: Until) -> None:
    layout = begin(runs, go)
    supervisor = ProcessFile(layout).read().supervisor  # type: ignore[union-attr]  # it is Running
    os.kill(supervisor.pid, signal.SIGKILL)
    until(lambda: not supervisor.is_alive(), "its death")
    refuse_requests(layout)
    runs.target(layout).cancel(layout)
    assert StatusFile(layout).read().status is Status.CANCELED
    assert not is_anybody_left(layout)


def test_a_run_that_waits_is_canceled_at_once(runs: Runs, go: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    begin(runs, go)
    waiting = runs.command("true")
    refuse_requests(waiting)
    runs.target(waiting).cancel(waiting)
    end = StatusFile(waiting).read()
    assert (end.status, end.reason) == (Status.CANCELED, "canceled while it was waiting")


def test_nobody_else_gets_a_signal(runs: Runs, go: Path) -> None:
    """A folder that was copied, or forged, names somebody else's process."""
    layout = begin(runs, go)
    told = layout.processes.read_text()
    with subprocess.Popen(["sleep", "600"]) as stranger:
        forged = json.loads(told)
        forged["supervisor"]["pid"] = stranger.pid
        forged["supervisor"]["started"] = int(Path(f"/proc/{stranger.pid}/stat").read_text().split()[21])
        layout.processes.write_text(json.dumps(forged))
        refuse_requests(layout)
        with pytest.raises(ExperimentExecutionException, match=f"run {layout.run_id} can't be asked to stop: .*exists"):
            runs.target(layout).cancel(layout)
        assert stranger.poll() is None
        stranger.kill()
    layout.processes.write_text(told)
    layout.cancel_request.parent.unlink()


@pytest.mark.parametrize(("kind", "options"), [("tmpfs", ""), ("tmpfs", "nr_inodes=300"), ("ext4", "")])
def test_on_a_real_disk_that_is_full(
    kind: str, options: str, small_disk: Callable[..., SmallDisk], runs: Runs, go: Path, until: Until
) -> None:
    disk = small_disk(kind, options)
    layout = begin(on_disk(runs, disk), go)
    disk.fill_inodes() if options else disk.fill()
    runs.target(layout).cancel(layout)
    until(lambda: StatusFile(layout).read().status.is_terminal, "its end")
    assert StatusFile(layout).read().status is Status.CANCELED
    until(lambda: not is_anybody_left(layout), "its processes to go")
    disk.free()


def test_on_a_real_disk_that_became_read_only(
    small_disk: Callable[..., SmallDisk], runs: Runs, go: Path, until: Until
) -> None:
    """As ext4 does after an error. Nothing can be written down, but the job is stopped, and nobody stays."""
    disk = small_disk("ext4")
    layout = begin(on_disk(runs, disk), go)
    supervisor, job = ProcessFile(layout).read() or (None, None)
    assert supervisor
    assert job
    subprocess.run(["mount", "-o", "remount,abort", str(disk.folder)], check=True)
    with pytest.raises(OSError, match="Read-only"):
        (disk.folder / "anything").touch()
    runs.target(layout).cancel(layout)
    until(lambda: not job.is_alive(), "the end of the job")
    runs.submitted.clear()
    subprocess.run(["umount", "-l", str(disk.folder)], check=True)
    until(lambda: not is_anybody_left(layout), "its processes to go")
