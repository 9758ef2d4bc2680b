"""Whose a process is: a run folder, maybe a copy or a forgery, names processes, and proves nothing by that."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cellrun.core.identity import ProcessIdentity, is_own_run, run_variables
from cellrun.core.layout import RunLayout
from cellrun.core.processes.family import ProcessFamily, is_of_run
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses
from cellrun.core.targets.local.target import LocalTarget
from cellrun.core.targets.look import look

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
TITLED = f"""
import ctypes, os
environ = ctypes.POINTER(ctypes.c_void_p).in_dll(ctypes.CDLL(None), 'environ')
at = 0
while environ[at]:                      # what setproctitle does: the title goes where the variables were
    ctypes.memset(environ[at], 0, len(ctypes.string_at(environ[at])))
    at += 1
{SLEEP}
"""


@pytest.fixture
def stranger():
    """A session leader of this user's that no run has to do with: a kernel, a terminal, a server."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        yield ProcessIdentity.of(process.pid)
        process.kill()


def kill_supervisor(layout, until):
    supervisor = ProcessFile(layout).read().supervisor
    os.kill(supervisor.pid, signal.SIGKILL)
    until(lambda: not supervisor.is_alive(), "its death")


def adopted(layout, runs, until):
    """Let a look have the run adopted; return its processes then."""
    runs.status(layout)
    until(lambda: StatusFile(layout).read().reason == "supervisor lost, adopted", "the note of the adoption")
    return ProcessFile(layout).read()


def forget_end(layout):
    """Take the statuses away that came after Running."""
    for status in StatusFile(layout).history():
        if status.status in {Status.FINALIZING, Status.COMPLETED}:
            (layout.statuses / f"{status.n}.json").unlink()


def test_a_look_at_a_folder_that_names_somebody_elses_process_signals_nobody(runs, until, dead_process, stranger):
    layout = runs.script("pass")
    assert runs.end(layout).status is Status.COMPLETED
    until(lambda: not ProcessFile(layout).read().supervisor.is_alive(), "its supervisor's end")
    forget_end(layout)
    ProcessFile(layout).write(RunProcesses(dead_process, stranger))
    launch = {**json.loads(layout.launch.read_text()), "max_run_duration_seconds": 0.1, "grace_s": 0.1}
    layout.launch.write_text(json.dumps(launch))
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.FAILED, "supervisor and job disappeared")
    assert ProcessFile(layout).read().supervisor == dead_process, "nobody has taken it over"
    assert stranger.is_alive()


def test_a_copy_of_a_run_neither_takes_its_job_over_nor_ends_it(runs, until, tmp_path, dead_process):
    layout = runs.printed(runs.running(runs.script(SLEEP)), "up")
    processes = ProcessFile(layout).read()
    shutil.copytree(layout.workspace.folder, tmp_path / "copy")
    copy = RunLayout(tmp_path / "copy" / "runs" / layout.run_id)
    ProcessFile(copy).write(processes._replace(supervisor=dead_process))
    assert not ProcessFamily(copy, job=None).members()
    assert not is_of_run(processes.job, copy)
    LocalTarget("local").cancel(copy)
    assert look(LocalTarget("local"), [copy])[layout.run_id].status is Status.FAILED
    assert [one.is_alive() for one in processes] == [True, True]
    assert runs.status(layout).status is Status.RUNNING


def test_a_run_that_has_ended_ends_only_its_own_processes(runs, dead_process, stranger):
    """The session that process.json names may be somebody's whose first process has ended."""
    layout = runs.script("pass")
    runs.end(layout)
    ProcessFile(layout).write(RunProcesses(dead_process, stranger))
    LocalTarget("local").cancel(layout)
    look(LocalTarget("local"), [layout])
    family = ProcessFamily(layout, job=None)
    family.stop(0)
    assert not family.members()
    assert stranger.is_alive()


def test_a_job_that_gave_itself_a_title_is_adopted_and_canceled(runs, until):
    """Its variables are gone: its log tells that it is the run's."""
    layout = runs.printed(runs.running(runs.script(TITLED)), "up")
    job = ProcessFile(layout).read().job
    assert b"CELLRUN_RUN_ID" not in Path(f"/proc/{job.pid}/environ").read_bytes()
    kill_supervisor(layout, until)
    assert adopted(layout, runs, until).job == job
    LocalTarget("local").cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert not job.is_alive()


def test_a_job_is_adopted_in_a_workspace_that_was_moved(runs, until, tmp_path):
    layout = runs.printed(runs.running(runs.script(SLEEP)), "up")
    job = ProcessFile(layout).read().job
    kill_supervisor(layout, until)
    moved = RunLayout(tmp_path / "moved" / "runs" / layout.run_id)
    layout.workspace.folder.rename(tmp_path / "moved")
    try:
        look(LocalTarget("local"), [moved])
        until(lambda: StatusFile(moved).read().reason == "supervisor lost, adopted", "the note of the adoption")
        assert ProcessFile(moved).read().job == job
        LocalTarget("local").cancel(moved)
        until(lambda: StatusFile(moved).read().status.is_terminal, "its end")
        assert StatusFile(moved).read().status is Status.CANCELED
        assert not job.is_alive()
    finally:
        (tmp_path / "moved").rename(layout.workspace.folder)


def test_a_workspace_is_known_by_another_path(runs, tmp_path):
    layout = runs.printed(runs.running(runs.script(SLEEP)), "up")
    (tmp_path / "link").symlink_to(layout.workspace.folder)
    other = RunLayout(tmp_path / "link" / "runs" / layout.run_id)
    job = ProcessFile(layout).read().job
    assert job.pid in {one.pid for one in ProcessFamily(other, job=None).members()}
    assert is_of_run(job, other)


def test_a_job_knows_its_own_run_by_the_folder_not_by_its_path(layout, tmp_path, monkeypatch):
    for name, value in run_variables(layout).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "link").symlink_to(layout.workspace.folder)
    assert is_own_run(RunLayout(tmp_path / "link" / "runs" / layout.run_id))
    shutil.copytree(layout.folder, tmp_path / "copy" / layout.run_id)
    assert not is_own_run(RunLayout(tmp_path / "copy" / layout.run_id))


@pytest.mark.parametrize("put", [os.symlink, os.link], ids=["link", "hard link"])
def test_a_log_that_is_another_file_makes_nobody_a_member(layout, tmp_path, put):
    """Who prints there: every daemon to /dev/null, a server into its log."""
    (tmp_path / "server.log").touch()
    with (tmp_path / "server.log").open("ab") as log, subprocess.Popen(["sleep", "60"], stdout=log) as server:
        try:
            put(tmp_path / "server.log", layout.log)
            assert not is_of_run(ProcessIdentity.of(server.pid), layout)
            assert not ProcessFamily(layout, job=None).members()
        finally:
            server.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process as another user")
def test_nobody_elses_process_is_adopted(layout):
    """Another user may start his with a run's variables: a supervisor would run what his folder says."""
    command = [sys.executable, "-c", "import os, time; os.setuid(65534); print('up', flush=True); time.sleep(60)"]
    environment = {**os.environ, **run_variables(layout)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"up\n"
            assert not is_of_run(ProcessIdentity.of(process.pid), layout)
        finally:
            process.kill()
