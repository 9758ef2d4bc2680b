"""Runs that are looked at from where their processes can't be seen: another container, host, home or login."""

import hashlib
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from cellrun.core import Experiment, Run
from cellrun.core.errors import ComputeTargetException, RunClosedError
from cellrun.core.identity import ProcessIdentity
from cellrun.core.runs.deletion import delete_runs
from cellrun.core.store.lists.index import Index
from cellrun.core.store.record import RunRecord, RunTarget
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses
from cellrun.core.targets.fake.engine import isolated, why_not_isolated
from cellrun.core.targets.local import admission, queue_lock
from cellrun.core.targets.local.queue import LocalQueue

UNTIL_GO = "import os, time\nprint('up')\nwhile not os.path.exists('go'):\n    time.sleep(0.02)\n"
ELSEWHERE = ProcessIdentity("another-host", "another-boot", 7, 7, "pid:[1]")
LIST = """
from cellrun.core import Experiment, Workspace
for run in Experiment(Workspace.create('tests', {!r}, exist_ok=True), 'tests').get_runs():
    print(run.id, run.get_status())
"""
ON_ANOTHER_MACHINE = """
from pathlib import Path
real = Path.read_text
Path.read_text = lambda path, *how, **which: "another" if path.name == "boot_id" else real(path, *how, **which)
"""
needs_namespaces = pytest.mark.skipif(bool(why_not_isolated()), reason="a container is one more PID namespace")
IN_A_CONTAINER = ["unshare", "--pid", "--fork", "--mount-proc"]
IN_A_RECREATED_ONE = isolated("recreated", [])


@pytest.fixture(autouse=True)
def one_core(monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")


def seen(runs, *, before=(), first="", **variables):
    """Return what another process lists: ids and statuses."""
    command = [*before, sys.executable, "-c", first + LIST.format(str(runs.workspace.folder))]
    environment = {name: text for name, text in {**os.environ, **variables}.items() if text is not None}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return dict(line.split() for line in done.stdout.splitlines())


@needs_namespaces
@pytest.mark.parametrize("before", [IN_A_CONTAINER, IN_A_RECREATED_ONE], ids=["a container", "another host name"])
def test_a_look_from_another_container_changes_nothing(runs, before):
    running, waiting = runs.printed(runs.script(UNTIL_GO), "up"), runs.script("print('ran')")
    opened = Experiment(runs.workspace, "tests").start_logging()
    assert seen(runs, before=before) == {running.run_id: "Running", waiting.run_id: "Queued", opened.id: "Running"}
    assert [StatusFile(layout).read().status for layout in (running, waiting)] == [Status.RUNNING, Status.QUEUED]
    opened.log("loss", 0.5)  # nobody has ended it
    opened.complete()
    (running.work / "go").touch()
    assert {runs.end(layout).status for layout in (running, waiting)} == {Status.COMPLETED}


def test_a_look_from_another_login_or_home_starts_or_ends_nothing(runs, tmp_path):
    running, waiting = runs.printed(runs.script(UNTIL_GO), "up"), runs.script("print('ran')")
    expected = {running.run_id: "Running", waiting.run_id: "Queued"}
    assert seen(runs, CELLRUN_RUNTIME_DIR=None, XDG_RUNTIME_DIR=None) == expected
    other = {**os.environ, "CELLRUN_HOME": str(tmp_path / "other")}
    code = textwrap.dedent(f"""
        from cellrun.core.layout import RunLayout
        from cellrun.core.targets.local.target import LocalTarget
        from cellrun.core.targets.look import look
        found = look(LocalTarget("local"), [RunLayout({str(waiting.folder)!r}), RunLayout({str(running.folder)!r})])
        print(*(status.status for status in found.values()), found[{waiting.run_id!r}].reason)
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=other)
    assert done.stdout == "Queued Running waits for 1 core\n"  # it is the queue that the run names


def test_a_run_in_a_queue_that_cannot_be_reached_waits_on_until_somebody_cancels_it(runs):
    runs.printed(runs.script(UNTIL_GO), "up")
    waiting = runs.script("print('ran')")
    for ticket in LocalQueue().folder.glob("*.waiting"):
        ticket.unlink()  # as in a home that isn't the one it was submitted from
    RunTarget("local", "local", shares_processes=True, handle={"queue": "/gone/queue/here"}).write(waiting)
    status = runs.status(waiting)
    assert status.status is Status.QUEUED
    assert status.reason == "waits in the queue of another machine, or of another home; cancel it if that is gone"
    Run.get(runs.workspace, waiting.run_id).cancel()
    assert runs.status(waiting).status is Status.CANCELED


@pytest.fixture
def brought(runs):
    """A run that waits in a queue which came with its workspace, with a ticket for what it isn't known to be."""
    runs.printed(runs.script(UNTIL_GO), "up")
    waiting, own = runs.script("print('ran')"), LocalQueue().folder
    queue = waiting.workspace.folder / "queue" / own.name
    queue.mkdir(parents=True, mode=0o700)
    queue.parent.chmod(0o700)
    [ticket] = own.glob("*.waiting")
    spec = json.loads(waiting.launch.read_text())
    waiting.launch.write_text(json.dumps({**spec, "argv": ["/bin/sh", "-c", "touch ran"], "is_shell": True}))
    launch = hashlib.sha256(waiting.launch.read_bytes()).hexdigest()
    (queue / ticket.name).write_text(json.dumps({**json.loads(ticket.read_text()), "launch": launch}))
    ticket.unlink()
    RunTarget("local", "local", shares_processes=True, handle={"queue": str(queue)}).write(waiting)
    return waiting, queue


def test_a_look_starts_nothing_out_of_a_queue_that_a_run_folder_names(runs, brought):
    waiting, queue = brought
    before = {path.name: path.read_bytes() for path in queue.iterdir()}
    assert runs.status(waiting).status is Status.QUEUED
    assert {path.name: path.read_bytes() for path in queue.iterdir()} == before
    Run.get(runs.workspace, waiting.run_id).cancel()
    assert runs.status(waiting).status is Status.CANCELED
    assert not (waiting.work / "ran").exists()


def test_nothing_is_written_through_a_link_in_a_queue_that_a_run_folder_names(runs, brought, tmp_path):
    (waiting, queue), mine = brought, tmp_path / "mine"
    mine.write_text("mine")
    (queue / "lock").symlink_to(mine)
    (queue / "000000000009-x.waiting").write_text("damaged")
    runs.status(waiting)
    Run.get(runs.workspace, waiting.run_id).cancel()
    assert mine.read_text() == "mine"
    assert (queue / "000000000009-x.waiting").read_text() == "damaged"


@pytest.fixture
def lost(runs):
    """A run of a container that was recreated, under another name or not: nobody here can tell what became of it."""

    made = []

    def lose(identity=ELSEWHERE):
        layout = runs.printed(runs.running(runs.script(UNTIL_GO)), "up")
        processes = ProcessFile(layout).read()
        os.kill(processes.supervisor.pid, 9)
        os.kill(processes.job.pid, 9)
        with LocalQueue().locked():
            for ticket in LocalQueue().running():
                LocalQueue().remove(ticket)
        ProcessFile(layout).write(RunProcesses(identity, identity))
        os.utime(layout.processes, (1, 1))
        made.append(layout)
        return layout

    yield lose
    for layout in made:
        if layout.folder.exists():
            StatusFile(layout).change(Status.CANCELED)


@pytest.mark.parametrize("identity", [ELSEWHERE, ProcessIdentity.current()._replace(pid_namespace="pid:[1]")])
def test_a_lost_run_is_not_responding_at_the_first_look_also_in_a_list(runs, lost, identity):
    layout = lost(identity)
    (row,) = Index(runs.workspace.layout).runs()
    assert row.status is Status.NOT_RESPONDING
    status = runs.status(layout)
    assert status.status is Status.NOT_RESPONDING
    assert "its process can't be seen from here: cancel or delete it if it is gone" in status.reason


def test_a_list_that_saw_a_run_running_notices_its_silence(runs, lost):
    layout = lost()
    os.utime(layout.processes)
    index = Index(runs.workspace.layout)
    assert [row.status for row in index.runs()] == [Status.RUNNING]
    os.utime(layout.processes, (1, 1))
    assert [row.status for row in index.runs()] == [Status.NOT_RESPONDING]
    os.utime(layout.processes)  # it was only slow
    assert [row.status for row in index.runs()] == [Status.RUNNING]


def test_a_lost_run_is_canceled_at_once(runs, lost):
    layout = lost()
    run = Run.get(runs.workspace, layout.run_id)
    assert run.get_status() == "NotResponding"
    run.cancel()
    assert run.get_status() == "Canceled"
    assert layout.cancel_request.exists()  # should it live, its supervisor stops it


def test_a_machine_of_the_same_name_that_shares_the_home_ends_and_starts_nothing_of_this_one(runs):
    """Such as notebooks in a cloud, whose containers are all called "default"."""
    running, waiting = runs.printed(runs.running(runs.script(UNTIL_GO)), "up"), runs.script("print('ran')")
    opened = Experiment(runs.workspace, "tests").start_logging()
    expected = {running.run_id: "Running", waiting.run_id: "Queued", opened.id: "Running"}
    for _ in range(2):
        assert seen(runs, first=ON_ANOTHER_MACHINE) == expected
    opened.complete()
    (running.work / "go").touch()
    assert {runs.end(layout).status for layout in (running, waiting)} == {Status.COMPLETED}


def test_a_lost_run_whose_job_was_stopped_before_is_canceled_and_deleted_too(runs, lost):
    layout = lost()
    os.utime(layout.processes)
    StatusFile(layout).change(Status.NOT_RESPONDING, reason="its process (pid 7 on another-host) is stopped")
    index = Index(runs.workspace.layout)
    assert [row.status for row in index.runs()] == [Status.NOT_RESPONDING]
    assert delete_runs(runs.workspace.layout, [layout.run_id], dry=True).runs[0].refused
    os.utime(layout.processes, (1, 1))
    (row,) = index.runs()
    assert "its process can't be seen from here" in row.reason
    assert delete_runs(runs.workspace.layout, [layout.run_id], dry=True).runs[0].refused is None
    run = Run.get(runs.workspace, layout.run_id)
    run.cancel()
    assert run.get_status() == "Canceled"


def test_a_lost_run_is_declared_failed(runs, lost):
    layout = lost()
    run = Run.get(runs.workspace, layout.run_id)
    run.get_status()
    run.fail("the node was taken away")
    assert (run.get_status(), StatusFile(layout).read().reason) == ("Failed", "the node was taken away")
    with pytest.raises(RunClosedError):
        run.complete()


def test_a_lost_run_is_deleted(runs, lost):
    layout = lost()
    (deleted,) = delete_runs(runs.workspace.layout, [layout.run_id]).runs
    assert deleted.refused is None
    assert not layout.folder.exists()
    runs.submitted.remove(layout)


def test_an_interactive_run_of_another_machine_is_judged_by_its_heartbeat(runs):
    run = Experiment(runs.workspace, "tests").start_logging()
    layout = run.layout
    StatusFile(layout).change(Status.RUNNING, owner=ELSEWHERE.to_json())
    assert [row.status for row in Index(runs.workspace.layout).runs()] == [Status.RUNNING]
    os.utime(layout.processes, (1, 1))
    assert [row.status for row in Index(runs.workspace.layout).runs()] == [Status.NOT_RESPONDING]
    os.utime(layout.processes)
    assert [row.status for row in Index(runs.workspace.layout).runs()] == [Status.RUNNING]


def test_an_open_run_beats_until_it_ends(runs, until, monkeypatch):
    monkeypatch.setenv("CELLRUN_HEARTBEAT_S", "0.05")
    run = Experiment(runs.workspace, "tests").start_logging()
    os.utime(run.layout.processes, (1, 1))
    until(lambda: run.layout.processes.stat().st_mtime > 1, "a beat")
    StatusFile(run.layout).change(Status.NOT_RESPONDING, silent="Running")
    until(lambda: StatusFile(run.layout).read().status is Status.RUNNING, "the word taken back")
    run.complete()
    os.utime(run.layout.processes, (1, 1))
    time.sleep(0.3)
    assert run.layout.processes.stat().st_mtime == 1


def test_a_kernel_that_is_there_and_busy_for_long_is_running(runs):
    run = Experiment(runs.workspace, "tests").start_logging()
    os.utime(run.layout.processes, (1, 1))
    assert run.get_status() == "Running"
    assert [row.status for row in Index(runs.workspace.layout).runs()] == [Status.RUNNING]


def test_another_runs_heartbeat_starts_what_waits_and_nobody_looks(runs, until, monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "2")
    monkeypatch.setenv("CELLRUN_HEARTBEAT_S", "0.1")
    first, other = (runs.printed(runs.running(runs.script(UNTIL_GO)), "up") for _ in range(2))
    waiting = runs.script("print('ran')")
    for identity in ProcessFile(first).read():
        os.kill(identity.pid, 9)
    until(lambda: StatusFile(waiting).read().status is Status.COMPLETED, "the end of what waited")
    assert StatusFile(first).read().status is Status.FAILED
    (other.work / "go").touch()


def test_when_no_supervisor_is_left_whoever_comes_next_starts_what_waits(runs, until):
    first, waiting = runs.printed(runs.running(runs.script(UNTIL_GO)), "up"), runs.script("print('ran')")
    for identity in ProcessFile(first).read():
        os.kill(identity.pid, 9)
        until(lambda identity=identity: not identity.is_alive(), "its death")
    assert StatusFile(waiting).read().status is Status.QUEUED
    admission.tend_own()
    until(lambda: StatusFile(waiting).read().status is Status.COMPLETED, "the end of what waited")


def test_who_looks_after_a_queue_makes_none(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("CELLRUN_HOME", str(tmp_path / "new"))
    admission.tend_own()
    assert not (tmp_path / "new").exists()


def test_a_run_of_a_container_that_is_gone_is_started_once_nobody_is_left_there(runs, until, monkeypatch):
    first, waiting = runs.printed(runs.script(UNTIL_GO), "up"), runs.script("print('ran')")
    queue = LocalQueue()
    with queue.locked():
        for path in queue.folder.glob("*.waiting"):
            path.write_text(json.dumps({**json.loads(path.read_text()), "pid_namespace": "pid:[1]"}))
    (first.work / "go").touch()
    runs.end(first)
    assert runs.status(waiting).status is Status.QUEUED  # whoever submitted it may be about to start it
    for path in queue.folder.glob("*.waiting"):
        os.utime(path, (1, 1))
    admission.tend_own()
    until(lambda: StatusFile(waiting).read().status is Status.COMPLETED, "the end of what waited")


def test_a_place_that_a_lost_container_held_is_given_on(runs, lost, until):
    layout = lost()
    queue = LocalQueue()
    with queue.locked():
        queue.mark_running(queue.add(layout, LaunchSpec.read(layout).resources, [], {}), [])
        for path in queue.folder.glob("*.running"):
            path.write_text(json.dumps({**json.loads(path.read_text()), "pid_namespace": "pid:[1]"}))
        for path in queue.folder.glob("*.waiting"):
            path.unlink()
    assert runs.end(runs.script("print('ran')")).status is Status.COMPLETED


class TestTheLock:
    @pytest.fixture
    def holder(self, runs):
        """Another process that holds the queue."""
        code = """
            import time
            from cellrun.core.targets.local.queue import LocalQueue
            with LocalQueue().locked():
                print("held", flush=True)
                time.sleep(600)
        """
        with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"held\n"
            yield process
            process.kill()

    def test_whoever_waits_for_one_that_is_stopped_is_told_whom_and_what_helps(self, runs, holder, monkeypatch, until):
        monkeypatch.setattr(queue_lock, "_WORD_S", 0.1)
        monkeypatch.setattr(queue_lock, "_MOST_S", 0.5)
        os.kill(holder.pid, 19)
        until(lambda: Path(f"/proc/{holder.pid}/stat").read_text().split(") ")[1][0] == "T", "it is stopped")
        words = (
            rf"process {holder.pid} holds the local queue .* and is stopped; `kill -CONT {holder.pid}` lets it go on"
        )
        with (
            pytest.warns(RuntimeWarning, match=f"waiting: {words}"),
            pytest.raises(ComputeTargetException, match=rf"gave up after \d+ s: {words}"),
        ):
            runs.script("pass")
        (row,) = Index(runs.workspace.layout).runs()
        assert (row.status, "gave up after" in row.reason) == (Status.FAILED, True)

    def test_a_look_and_a_cancel_go_on_without_it(self, runs, holder, monkeypatch):
        monkeypatch.setattr(queue_lock, "_MOST_S", 0.1)
        layout = RunStore(runs.workspace.layout).create(RunRecord("tests", "script"), lambda _: None)
        StatusFile(layout).change(Status.QUEUED)
        assert runs.status(layout).status is Status.QUEUED
        runs.target(layout).cancel(layout)
        assert runs.status(layout).status is Status.CANCELED

    def test_where_there_are_no_locks_nothing_is_submitted_and_the_error_says_what_to_set(self, runs, monkeypatch):
        def no_locks(*_):
            raise OSError(37, "No locks available")

        monkeypatch.setattr("fcntl.flock", no_locks)
        with pytest.raises(
            ComputeTargetException, match=r"has no file locks .*; set CELLRUN_HOME to a folder on a local"
        ):
            runs.script("pass")
        assert RunStore(runs.workspace.layout).ids() == []
