"""A run whose disk is full or out of order, or whose folder goes away: it is stopped, and its end is told."""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core import Workspace
from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.layout import RunLayout
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.processes.process_table import variable
from cellrun.core.store.ending import ask_to_cancel
from cellrun.core.store.notes import DISK_WAS_FULL
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.process_file import ProcessFile
from cellrun.core.supervision.run_folder import RunFolder
from cellrun.core.supervision.start import SupervisorStart
from tests.core.submitted_runs import Runs
from tests.small_disk import SmallDisk

Until = Callable[[Callable[[], object], str], None]
SCRIPT = """
import subprocess, sys, time
from pathlib import Path
nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
daemon = [sys.executable, "-c", "import time; time.sleep(600)"]
print("daemon", subprocess.Popen(daemon, start_new_session=True, **nowhere).pid, flush=True)
while not Path(sys.argv[1]).exists():
    time.sleep(0.02)
sys.exit(int(sys.argv[2]))
"""


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """A file whose being there lets a job end."""
    return tmp_path / "go"


def begin(runs: Runs, go: Path, code: int = 0) -> RunLayout:
    """Start a job that leaves a daemon without the run's output, and ends with a code."""
    return runs.running(runs.printed(runs.script(SCRIPT, go, code), "daemon"))


def is_anybody_left(*layouts: RunLayout) -> bool:
    """Whether a process of a run lives, its supervisor included."""
    everyone = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    folders = {str(layout.folder) for layout in layouts}
    return any(variable(pid, "CELLRUN_RUN_FOLDER") in folders for pid in everyone)


def on_disk(runs: Runs, disk: SmallDisk) -> Runs:
    """Let runs be submitted to a workspace on a small disk."""
    runs.workspace = Workspace.create("small", disk.folder / "workspace")
    return runs


@pytest.mark.parametrize(("kind", "options"), [("tmpfs", ""), ("tmpfs", "nr_inodes=300"), ("ext4", "")])
@pytest.mark.parametrize(("code", "status"), [(0, Status.COMPLETED), (3, Status.FAILED)])
def test_d2_a_run_that_ends_on_a_full_disk_tells_how(
    kind: str,
    options: str,
    code: int,
    status: Status,
    small_disk: Callable[..., SmallDisk],
    runs: Runs,
    go: Path,
    until: Until,
) -> None:
    disk = small_disk(kind, options)
    layout = begin(on_disk(runs, disk), go, code)
    disk.fill_inodes() if options else disk.fill()
    go.touch()
    until(lambda: StatusFile(layout).read().status.is_terminal, "its end")
    until(lambda: not is_anybody_left(layout), "its processes to go")
    end = StatusFile(layout).read()
    assert (end.status, end.fields["exit_code"]) == (status, code)
    assert end.fields["notes"] == [
        DISK_WAS_FULL,
        "1 process left running, stopped",
    ]
    disk.free()


@pytest.mark.parametrize(("code", "status"), [(0, Status.COMPLETED), (3, Status.FAILED)])
def test_d4_a_disk_that_refuses_for_a_while_is_told_the_end_when_it_takes_it(
    code: int, status: Status, runs: Runs, go: Path, until: Until
) -> None:
    """Its supervisor may write no byte: what a disk out of order does, without one."""
    layout = begin(runs, go, code)
    supervisor, job = ProcessFile(layout).read() or (None, None)
    assert supervisor
    assert job
    most = resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE, (0, most[1]))
    go.touch()
    until(lambda: not job.is_alive(), "the end of the job")
    until(lambda: [one.pid for one in ProcessFamily(layout, job).members()] == [supervisor.pid], "that of the daemon")
    before = layout.processes.stat().st_mtime
    until(lambda: layout.processes.stat().st_mtime > before, "the heartbeat of a supervisor that waits")
    assert StatusFile(layout).read().status is Status.RUNNING
    resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE, most)
    until(lambda: StatusFile(layout).read().status.is_terminal, "its end")
    end = StatusFile(layout).read()
    assert (end.status, end.fields["exit_code"]) == (status, code)
    until(lambda: not is_anybody_left(layout), "its processes to go")


def test_no_job_runs_on_whose_supervisor_cannot_say_who_it_is(
    runs: Runs, go: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder stands where its processes should be written down: the disk refuses that file alone."""
    run = SupervisorStart.run

    def refuse(self: SupervisorStart, spec: LaunchSpec, digest: str) -> None:
        self.layout.processes.mkdir()
        run(self, spec, digest)

    monkeypatch.setattr(SupervisorStart, "run", refuse)
    layout = runs.script(SCRIPT, go, 0)
    until(lambda: StatusFile(layout).read().status.is_terminal, "its end")
    until(lambda: not is_anybody_left(layout), "its processes to go")
    end = StatusFile(layout).read()
    assert end.status is Status.FAILED
    assert (end.reason or "").startswith("it can't be watched: Is a directory: ")


@pytest.mark.parametrize(("kind", "options"), [("tmpfs", ""), ("tmpfs", "nr_inodes=300"), ("ext4", "")])
def test_no_job_runs_on_that_was_started_on_a_full_disk(
    kind: str,
    options: str,
    small_disk: Callable[..., SmallDisk],
    runs: Runs,
    go: Path,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = small_disk(kind, options)
    made: list[RunLayout] = []
    run = SupervisorStart.run

    def fill(self: SupervisorStart, spec: LaunchSpec, digest: str) -> None:
        made.append(self.layout)
        disk.fill_inodes() if options else disk.fill()
        run(self, spec, digest)

    monkeypatch.setattr(SupervisorStart, "run", fill)
    reason = "it can't be watched: No space left on device: "
    try:
        on_disk(runs, disk).script(SCRIPT, go, 0)
    except ExperimentExecutionException as error:  # its supervisor couldn't even take it on
        reason = str(error)
    (layout,) = made
    until(lambda: StatusFile(layout).read().status.is_terminal, "its end")
    until(lambda: not is_anybody_left(layout), "its processes to go")
    end = StatusFile(layout).read()
    assert end.status is Status.FAILED
    assert (end.reason or "").startswith(reason)
    assert "No space left on device" in reason
    disk.free()


def test_d10_a_run_whose_workspace_was_moved_tells_its_end_where_it_is(
    runs: Runs, go: Path, until: Until, tmp_path: Path
) -> None:
    layout = begin(runs, go, 3)
    old = layout.workspace.folder
    old.rename(tmp_path / "moved")
    moved = RunLayout(tmp_path / "moved" / layout.folder.relative_to(old))
    go.touch()
    until(lambda: StatusFile(moved).read().status.is_terminal, "its end")
    until(lambda: not is_anybody_left(layout, moved), "its processes to go")
    end = StatusFile(moved).read()
    assert (end.status, end.fields["exit_code"], end.fields["notes"]) == (
        Status.FAILED,
        3,
        ["1 process left running, stopped"],
    )
    assert not old.exists()
    runs.submitted.clear()


def test_d10_a_run_whose_workspace_was_moved_is_canceled_where_it_is(
    runs: Runs, go: Path, until: Until, tmp_path: Path
) -> None:
    layout = begin(runs, go)
    layout.workspace.folder.rename(tmp_path / "moved")
    moved = RunLayout(tmp_path / "moved" / layout.folder.relative_to(layout.workspace.folder))
    ask_to_cancel(moved)
    until(lambda: StatusFile(moved).read().status.is_terminal, "its end")
    assert StatusFile(moved).read().status is Status.CANCELED
    until(lambda: not is_anybody_left(layout, moved), "its processes to go")
    runs.submitted.clear()


def is_deleted(folder: Path) -> bool:
    """Delete a folder; whether it is gone: somebody may write to it meanwhile."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def test_d10_a_run_whose_folder_was_deleted_leaves_nobody_and_makes_nothing(runs: Runs, go: Path, until: Until) -> None:
    layout = begin(runs, go)
    until(lambda: is_deleted(layout.folder), "its folder to go, which its supervisor may be writing to just then")
    go.touch()
    until(lambda: not is_anybody_left(layout), "its processes to go")
    assert not layout.folder.exists()
    runs.submitted.clear()


def test_a_job_that_puts_a_link_in_the_place_of_its_statuses_leaves_nobody(
    runs: Runs, go: Path, until: Until, tmp_path: Path
) -> None:
    layout = begin(runs, go)
    layout.statuses.rename(tmp_path / "elsewhere")
    layout.statuses.symlink_to(tmp_path / "elsewhere")
    go.touch()
    until(lambda: not is_anybody_left(layout), "its processes to go")
    layout.statuses.unlink()
    (tmp_path / "elsewhere").rename(layout.statuses)
    assert StatusFile(layout).read().status is Status.RUNNING
    runs.submitted.clear()


def test_a_job_that_puts_a_link_to_itself_in_the_place_of_a_folder_ends_as_it_ended(runs: Runs) -> None:
    (runs.source / "package").mkdir()
    (runs.source / "package" / "module.py").touch()
    end = runs.end(runs.script("import os, shutil; shutil.rmtree('package'); os.symlink('package', 'package')"))
    assert end.status is Status.COMPLETED


class TestHeldFolder:
    """The folder alone, without a supervisor."""

    def test_it_is_where_it_was_moved(self, layout: RunLayout, tmp_path: Path) -> None:
        held = RunFolder(layout.folder)
        assert held.follow()
        layout.folder.rename(tmp_path / "elsewhere")
        layout.folder.mkdir()  # another one in its place
        layout.record.touch()
        assert held.follow()
        assert (held.folder, held.origin.folder) == (tmp_path / "elsewhere", layout.folder)

    @pytest.mark.parametrize("remove", [shutil.rmtree, lambda folder: RunLayout(folder).record.unlink()])
    def test_nothing_is_written_where_it_was_deleted(self, remove: Callable[[Path], None], layout: RunLayout) -> None:
        held = RunFolder(layout.folder)
        remove(layout.folder)
        assert not held.follow()
        held.until_written(lambda: pytest.fail("there is no run"))

    def test_it_is_written_to_until_the_disk_takes_it(self, layout: RunLayout) -> None:
        tries = iter([OSError(28, "No space left on device"), OSError(30, "Read-only file system"), None])
        written = []

        def write() -> None:
            error = next(tries)
            if error:
                raise error
            written.append(time.monotonic())

        RunFolder(layout.folder).until_written(write)
        assert len(written) == 1
        assert next(tries, "none is left") == "none is left"

    def test_a_folder_that_was_gone_at_once(self, tmp_path: Path) -> None:
        assert not RunFolder(tmp_path / "gone").follow()
