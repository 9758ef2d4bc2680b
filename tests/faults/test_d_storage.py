"""Rows of D that no other test does: full, slow and broken disks, folders that go, and what is on the disk for good."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cellrun.core import Run
from cellrun.core.errors import WorkspaceException
from cellrun.core.layout import RunLayout
from cellrun.core.places import cache_of
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.store.lists.index import Index
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile
from tests.browser.listed_runs import workspace_with
from tests.core.submitted_runs import Runs, wait_for
from tests.faults.injection import LOGGING_JOB, Disk, Told, calls_are, mounted, needs_root, needs_strace, traced
from tests.faults.invariants import assert_invariants

RUNS = 10_000
FLOOD = """
import os, time
time.sleep(1)
try:
    while os.write(1, b"x" * 4096):
        pass
except OSError:
    os._exit(3)
"""


def logging_run(runs: Runs, told: Told) -> RunLayout:
    """Submit a job that logs until it is told that it is enough, and wait for its first events."""
    layout = runs.running(runs.script(LOGGING_JOB, str(told.folder)))
    told.more()
    return layout


def logged_over_a_full_disk(runs: Runs, disk: Disk, told: Told) -> RunLayout:
    """Return a run whose disk was full for a while, and that goes on to its end."""
    layout = logging_run(runs, told)
    disk.fill()
    wait_for(lambda: len(told.refused) >= 5, "calls that are refused")
    disk.free()
    told.more()
    told.enough()
    return layout


@needs_root
def test_d1_the_disk_is_full_while_a_job_logs(runs_there: Runs, disk: Disk, told: Told, home: Path) -> None:
    layout = logged_over_a_full_disk(runs_there, disk, told)
    assert runs_there.end(layout).status is Status.COMPLETED
    assert {words for words in told.refused if not words.endswith("No space left on device")} == set()
    assert_invariants(home, {layout: told.acknowledged})


@needs_root
def test_d1_a_run_tells_that_events_were_dropped(runs_there: Runs, disk: Disk, told: Told) -> None:
    layout = logged_over_a_full_disk(runs_there, disk, told)
    runs_there.end(layout)
    details = Run.get(runs_there.workspace, layout.run_id).get_details()
    assert "dropped" in str(details.get("warnings"))


@needs_root
def test_d2_the_jobs_output_fills_the_disk(runs_there: Runs, home: Path) -> None:
    layout = runs_there.script(FLOOD)
    supervisor = ProcessFile(runs_there.running(layout)).read().supervisor
    wait_for(lambda: StatusFile(layout).read().status.is_terminal or not supervisor.is_alive(), "its end")
    status = StatusFile(layout).read()
    os.truncate(layout.log, 0)
    assert (status.status, status.fields.get("exit_code")) == (Status.FAILED, 3)
    assert (status.reason or "").startswith("exit code 3")
    assert_invariants(home)


@needs_root
def test_d3_the_disk_is_too_small_for_a_submission(runs_there: Runs, home: Path) -> None:
    (runs_there.source / "data.bin").write_bytes(os.urandom(12_000_000))
    with pytest.raises(WorkspaceException, match=r"no space left on device|not enough space"):
        runs_there.script("pass")
    assert RunStore(runs_there.workspace.layout).ids() == []
    assert list(runs_there.workspace.layout.runs.iterdir()) == []
    (runs_there.source / "data.bin").unlink()
    assert runs_there.end(runs_there.script("pass")).status is Status.COMPLETED
    assert_invariants(home)


@needs_strace
def test_d4_writes_of_events_fail_with_an_input_output_error(runs: Runs, told: Told, home: Path) -> None:
    layout = logging_run(runs, told)
    (file,) = layout.events.glob("*.jsonl")
    with calls_are("write:error=EIO", ProcessFile(layout).read().job.pid, file):
        wait_for(lambda: len(told.refused) >= 5, "calls that are refused")
    told.more()
    told.enough()
    assert runs.end(layout).status is Status.COMPLETED
    assert {words for words in told.refused if not words.endswith("Input/output error")} == set()
    assert_invariants(home, {layout: told.acknowledged})


@needs_root
def test_d4_the_file_system_becomes_read_only(
    home: Path, at_home: Callable[[], Iterator[Runs]], told: Told, tmp_path: Path
) -> None:
    """As after an error of its own: the kernel takes no write any more."""
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(24_000_000)
    if subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=False).returncode:
        pytest.skip("there is no mkfs.ext4")
    with mounted(home, "-o", "loop", image):
        runs = next(at_home())
        layout = logging_run(runs, told)
        supervisor, job = ProcessFile(layout).read()
        try:
            subprocess.run(["mount", "-o", "remount,abort", home], check=True)
            wait_for(lambda: len(told.refused) >= 5, "calls that are refused")
            told.enough()
            wait_for(lambda: not job.is_alive(), "the job's end")
            wait_for(lambda: {who.pid for who in ProcessFamily(layout, job=None).members()} <= {supervisor.pid}, "all")
            for _ in range(20):  # as long as it may take to lose the supervisor too
                assert "disappeared" not in (runs.status(layout).reason or "")
                time.sleep(0.1)
        finally:  # it may wait for a disk that never comes back
            with suppress(ProcessLookupError):
                os.kill(supervisor.pid, signal.SIGKILL)


@needs_strace
def test_d5_each_write_takes_long(runs: Runs, told: Told, home: Path) -> None:
    layout = logging_run(runs, told)
    (file,) = layout.events.glob("*.jsonl")
    with calls_are("write:delay_exit=300000", ProcessFile(layout).read().job.pid, file):
        told.more()
    told.more()
    told.enough()
    assert runs.end(layout).status is Status.COMPLETED
    assert told.refused == []
    assert told.acknowledged == [[*range(len(told.acknowledged[0]))]]
    assert_invariants(home, {layout: told.acknowledged})


@pytest.mark.long
@pytest.mark.timeout(600)
def test_d9_ten_thousand_runs(home: Path) -> None:
    layout = workspace_with("many", RUNS).layout
    rows = Index(layout).runs()
    assert len(rows) == RUNS
    page = Index(layout).page(limit=50)
    assert ([row.id for row in page.rows], page.total) == ([row.id for row in rows[:50]], RUNS)
    shutil.rmtree(cache_of(layout))
    began = time.monotonic()
    first = Index(layout).page(limit=50, within_s=0.3)
    assert time.monotonic() - began < 10
    assert len(first.rows) == 50
    assert_invariants(home)


@pytest.mark.parametrize("how", ["deleted", "renamed"])
def test_d10_the_run_folder_goes_while_the_run_goes_on(how: str, runs: Runs, told: Told, home: Path) -> None:
    other = runs.script("pass")
    layout = logging_run(runs, told)
    processes = ProcessFile(layout).read()
    runs.submitted.remove(layout)
    if how == "deleted":
        _removed(layout.folder)
    else:
        layout.folder.rename(runs.workspace.folder.parent / "elsewhere")
    told.enough()
    wait_for(lambda: not any(one.is_alive() for one in processes), "its processes to go")
    assert not layout.folder.exists()
    assert runs.end(other).status is Status.COMPLETED
    assert [row.id for row in Index(runs.workspace.layout).runs()] == [other.run_id]
    assert_invariants(home)


@needs_strace
def test_d11_what_an_end_stands_for_is_on_the_disk_before_it_is_shown(
    runs: Runs, told: Told, home: Path, tmp_path: Path
) -> None:
    layout = logging_run(runs, told)
    supervisor = ProcessFile(layout).read().supervisor
    with traced(supervisor.pid, tmp_path / "calls", "fsync,fdatasync,link,linkat"):
        told.enough()
        assert runs.end(layout).status is Status.COMPLETED
        wait_for(lambda: not supervisor.is_alive(), "the supervisor's end")
    n = StatusFile(layout).read().n
    calls = (tmp_path / "calls").read_text().splitlines()
    shown = _first(calls, rf"link.*/status/{n}\.json")
    (events,) = layout.events.glob("*.jsonl")
    for what in (re.escape(str(events)), r"/user_logs/std_log\.txt", rf"/status/{n}\.\S+\.tmp"):
        assert _first(calls, rf"fsync.*{what}") < shown
    assert _first(calls[shown:], r"fsync.*/status>") > 0
    assert_invariants(home, {layout: told.acknowledged})


def _first(calls: list[str], pattern: str) -> int:
    found = [number for number, call in enumerate(calls) if re.search(pattern, call)]
    assert found, f"no {pattern} in\n" + "\n".join(calls)
    return found[0]


def _removed(folder: Path) -> None:
    """Remove a folder that others write to."""
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
