"""Cancel: whatever a job started is gone afterwards, and nothing else is."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cellrun.core.identity import RUN_ID, ProcessIdentity, run_variables
from cellrun.core.processes import orphans, process_table
from cellrun.core.processes.exits import JobExit
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses
from cellrun.core.supervision.watched_job import WatchedJob
from cellrun.core.targets.local.target import LocalTarget

SLEEP = "import time; time.sleep(60)"
STUBBORN = f"""
import os, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def start(**how):
    return subprocess.Popen([sys.executable, '-c', {SLEEP!r}], **how).pid
pids = [os.getpid(), start(), start(start_new_session=True), start(preexec_fn=os.setpgrp), start(env={{}})]
if os.fork() == 0:                      # an orphan of an own session, twice removed
    os.setsid()
    if os.fork() == 0:
        open('pid', 'w').write(str(os.getpid()))
        {SLEEP}
    os._exit(0)
os.wait()
while not os.path.exists('pid') or not open('pid').read():
    pass
print(*pids, open('pid').read(), 'up', flush=True)
{SLEEP}
"""


def test_b9_nobody_survives_a_cancel(runs):
    layout = runs.printed(runs.script(STUBBORN), "up")
    processes = [ProcessIdentity.of(int(pid)) for pid in layout.log.read_text().split()[:-1]]
    assert len(processes) == 6
    assert all(one.is_alive() for one in processes)
    LocalTarget("local").cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert not [one for one in processes if one.is_alive()]


def test_a_job_gets_the_grace_to_save_its_work(runs, monkeypatch):
    monkeypatch.setenv("CELLRUN_GRACE_S", "20")
    layout = runs.script(
        "import signal, sys, time\n"
        "def save(*_):\n    time.sleep(0.2); open('outputs/saved', 'a').write('x'); sys.exit(0)\n"
        "signal.signal(signal.SIGINT, save); signal.signal(signal.SIGTERM, save); print('up'); time.sleep(60)"
    )
    LocalTarget("local").cancel(runs.printed(layout, "up"))
    end = runs.end(layout)
    assert end.status is Status.CANCELED
    assert end.fields["exit_code"] == 0
    assert (layout.outputs / "saved").read_text() == "x", "one signal came, once"


def test_a_stopped_job_can_be_canceled(runs):
    layout = runs.running(runs.script(SLEEP))
    os.kill(ProcessFile(layout).read().job.pid, signal.SIGSTOP)
    LocalTarget("local").cancel(layout)
    assert runs.end(layout).fields["signal"] == "SIGINT"


def test_a_run_that_a_job_submitted_is_not_its_own(runs):
    """A job may submit runs; they outlive it."""
    inner = runs.source.parent / "inner"
    inner.mkdir()
    (inner / "train.py").write_text(SLEEP)
    layout = runs.script(
        f"""
from cellrun.core import Experiment, ScriptRunConfig, Workspace
print(Experiment(Workspace.from_config(), 'inner').submit(ScriptRunConfig({str(inner)!r}, 'train.py')).id)
"""
    )
    end = runs.end(layout)
    assert end.status is Status.COMPLETED
    assert "notes" not in end.fields
    child = runs.workspace.layout.run(layout.log.read_text().strip())
    runs.submitted.append(child)
    assert ProcessFile(runs.running(child)).read().job.is_alive()


def test_b10_cancel_is_idempotent_and_changes_no_end(runs):
    layout = runs.running(runs.script(SLEEP))
    threads = [threading.Thread(target=LocalTarget("local").cancel, args=(layout,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs.end(layout).status is Status.CANCELED
    before = StatusFile(layout).history()
    LocalTarget("local").cancel(layout)
    assert StatusFile(layout).history() == before


def test_b10_a_cancel_that_comes_too_late_leaves_completed(runs):
    layout = runs.script("pass")
    assert runs.end(layout).status is Status.COMPLETED
    LocalTarget("local").cancel(layout)
    assert not layout.cancel_request.exists()
    assert runs.status(layout).status is Status.COMPLETED


@pytest.mark.parametrize("round_number", range(5))
def test_b10_a_cancel_at_the_start_ends_in_one_status(runs, round_number):
    layout = runs.script("print('ran')")
    LocalTarget("local").cancel(layout)
    assert runs.end(layout).status in {Status.CANCELED, Status.COMPLETED}


def test_b8_a_reused_pid_is_never_signalled(runs):
    """process.json names a living process of the right pid that was started at another time."""
    layout = runs.running(runs.script(SLEEP))
    real = ProcessFile(layout).read()
    for one in (real.supervisor, real.job):
        os.kill(one.pid, signal.SIGKILL)
    with subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True) as stranger:
        try:
            taken = ProcessIdentity.of(stranger.pid)
            forged = ProcessIdentity(taken.host, taken.boot, taken.pid, taken.started - 100)
            ProcessFile(layout).write(RunProcesses(forged, forged))
            LocalTarget("local").cancel(layout)
            end = runs.end(layout)
            assert (end.status, end.reason) == (Status.FAILED, "supervisor and job disappeared")
            assert taken.is_alive()
        finally:
            stranger.kill()
    assert json.loads(layout.processes.read_text())["job"]["pid"] == taken.pid


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])  # Linux before 5.3; a container's filter of that time
def test_where_the_system_knows_no_pidfds_a_daemon_is_stopped_and_an_end_noticed(new_run, until, monkeypatch, number):
    def refused(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "pidfd_open", refused, raising=False)
    layout = new_run(kind="script")
    with subprocess.Popen(["sleep", "600"], env=run_variables(layout), start_new_session=True) as daemon:
        job = WatchedJob.own(daemon.pid)
        until(lambda: process_table.is_at_work(daemon.pid), "its program, and with it its environment, to be loaded")
        assert ProcessFamily(layout, job=None).stop(0) == 1
        while job.poll() is None:
            job.wait(1)
        assert job.poll() in {JobExit(None, signal.SIGTERM), JobExit(None, signal.SIGKILL)}


def test_a_process_is_at_work_between_the_loading_of_its_program_and_its_end():
    with subprocess.Popen(["cat"], env={}, stdin=subprocess.PIPE) as process:
        assert process_table.is_at_work(process.pid), "an empty environment is one"
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not process_table.is_at_work(process.pid)
    assert not process_table.is_at_work(process.pid)
    assert process_table.is_at_work(os.getpid())


def test_an_orphan_is_judged_when_its_program_is_loaded(new_run, monkeypatch):
    """Before, its environment is empty to all: that of another run's recorder, too, which is no part of this one."""
    layout = new_run(kind="script")
    monkeypatch.setattr(orphans, "of_run", str(layout.folder))
    loading, real = set(), process_table.variable
    monkeypatch.setattr(process_table, "is_at_work", lambda pid: loading.discard(pid) or True)
    monkeypatch.setattr(process_table, "variable", lambda pid, name: None if pid in loading else real(pid, name))
    with (
        subprocess.Popen(["sleep", "600"], env={}, start_new_session=True) as orphan,
        subprocess.Popen(["sleep", "600"], env={RUN_ID: ""}, start_new_session=True) as stranger,
    ):
        loading.add(stranger.pid)
        members = {entry.pid for entry in ProcessFamily(layout, job=None).members()}
        assert {orphan.pid, stranger.pid} & members == {orphan.pid}
        monkeypatch.setattr(orphans, "of_run", "/another")
        assert not {orphan.pid, stranger.pid} & {entry.pid for entry in ProcessFamily(layout, job=None).members()}
        orphan.kill()
        stranger.kill()


@pytest.mark.parametrize("ended", [0, 1, 10])
def test_who_forks_and_ends_is_found_however_many_of_them_have_ended_when_they_are_read(new_run, monkeypatch, ended):
    """As on a busy machine, where each of them may end between the kernel's list and the look at it."""
    layout = new_run(kind="script")
    monkeypatch.setattr(orphans, "of_run", str(layout.folder))
    monkeypatch.setattr(process_table, "processes", lambda *_: iter(()))
    with subprocess.Popen(["sleep", "600"], env={}, start_new_session=True) as last:
        gone = [subprocess.Popen(["true"]) for _ in range(ended)]
        for one in gone:
            one.wait()
        turns = iter([*({one.pid} for one in gone), {last.pid}])
        monkeypatch.setattr(orphans, "children", lambda: next(turns, {last.pid}))
        members = ProcessFamily(layout, job=None).members()
        last.kill()
    assert {entry.pid for entry in members} == {last.pid}


def test_children_are_known_where_the_kernel_has_no_list_of_them(monkeypatch):
    with subprocess.Popen(["sleep", "600"]) as child:
        assert child.pid in orphans.children()
        monkeypatch.setattr(orphans, "Path", lambda _: Path("/nowhere"))
        assert child.pid in orphans.children()
        assert os.getppid() not in orphans.children()
        child.kill()
