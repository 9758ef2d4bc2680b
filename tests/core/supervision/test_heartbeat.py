"""B14: a run whose process, or whose supervisor, shows no life is NotResponding, and Running again when it does."""

import os
import signal

import pytest

from cellrun.core.identity import host_name
from cellrun.core.processes import process_table
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.heartbeat import Heartbeat
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.process_file import ProcessFile
from cellrun.core.supervision.watched_job import WatchedJob
from cellrun.core.targets.local.target import LocalTarget
from cellrun.core.targets.look import look

ASLEEP = "print('up'); import time; time.sleep(60)"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setenv("CELLRUN_HEARTBEAT_S", "0.1")
    monkeypatch.setenv("CELLRUN_SILENCE_S", "0.4")


def statuses(layout):
    return [entry.status for entry in StatusFile(layout).history()]


def test_b14_a_stopped_job_is_not_responding_until_it_goes_on(runs, until):
    layout = runs.printed(runs.running(runs.script(ASLEEP)), "up")
    job = ProcessFile(layout).read().job
    os.kill(job.pid, signal.SIGSTOP)
    until(lambda: StatusFile(layout).read().status is Status.NOT_RESPONDING, "NotResponding")  # nobody looks
    reason = StatusFile(layout).read().reason
    assert reason == f"its process (pid {job.pid} on {job.host}) is stopped; the signal SIGCONT lets it go on"
    os.kill(job.pid, signal.SIGCONT)
    until(lambda: StatusFile(layout).read().status is Status.RUNNING, "Running again")
    assert StatusFile(layout).read().reason is None
    assert runs.status(layout).status is Status.RUNNING


def test_b14_a_stopped_supervisor_is_noticed_by_whoever_watches(runs, until):
    layout = runs.printed(runs.running(runs.script(ASLEEP)), "up")
    supervisor, target = ProcessFile(layout).read().supervisor, LocalTarget("local")
    os.kill(supervisor.pid, signal.SIGSTOP)
    until(lambda: look(target, [layout])[layout.run_id].status is Status.NOT_RESPONDING, "NotResponding")
    assert StatusFile(layout).read().reason.startswith("no heartbeat for ")
    os.kill(supervisor.pid, signal.SIGCONT)
    until(lambda: StatusFile(layout).read().status is Status.RUNNING, "Running again")


def test_an_old_heartbeat_alone_is_no_silence(runs):
    """A laptop that wakes up finds all of them old: a look that comes before the next beat says nothing yet."""
    layout = runs.printed(runs.running(runs.script(ASLEEP)), "up")
    supervisor = ProcessFile(layout).read().supervisor
    os.kill(supervisor.pid, signal.SIGSTOP)
    os.utime(layout.processes, (0, 0))
    assert look(LocalTarget("local"), [layout])[layout.run_id].status is Status.RUNNING
    os.kill(supervisor.pid, signal.SIGCONT)


def test_a_run_that_does_not_respond_is_canceled_like_any(runs, until):
    layout = runs.printed(runs.running(runs.script(ASLEEP)), "up")
    os.kill(ProcessFile(layout).read().job.pid, signal.SIGSTOP)
    until(lambda: StatusFile(layout).read().status is Status.NOT_RESPONDING, "NotResponding")
    LocalTarget("local").cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    heard = [
        status for status in statuses(layout) if status is not Status.NOT_RESPONDING
    ]  # on a busy machine once more
    assert heard[-3:] == [Status.CANCEL_REQUESTED, Status.FINALIZING, Status.CANCELED]


def test_a_job_that_waits_in_the_kernel_without_a_tick_is_stuck_and_one_that_computes_is_not(runs, until, monkeypatch):
    """Nothing here can make a disk hang: the table of processes says so in its place."""
    layout = runs.printed(runs.running(runs.script(ASLEEP)), "up")
    os.kill(ProcessFile(layout).read().supervisor.pid, signal.SIGSTOP)  # this test beats in its place
    job = WatchedJob(ProcessFile(layout).read().job, is_own=False)
    heartbeat = Heartbeat(layout, LaunchSpec.read(layout))
    entry, ticks = process_table.process(job.identity.pid), iter([1, 2, 3, 4])
    monkeypatch.setattr(process_table, "process", lambda _: entry._replace(state="D", cpu_ticks=next(ticks)))
    for now in (0.0, 1.0, 2.0, 3.0):
        heartbeat._beat(job, now)
    assert StatusFile(layout).read().status is Status.RUNNING
    monkeypatch.setattr(process_table, "process", lambda _: entry._replace(state="D", cpu_ticks=4))
    for now in (4.0, 130.0):
        heartbeat._beat(job, now)
    status = StatusFile(layout).read()
    assert (status.status, status.reason) == (
        Status.NOT_RESPONDING,
        f"its process (pid {entry.pid} on {host_name()}) hangs in the kernel: a disk or network doesn't answer",
    )
    monkeypatch.undo()
    os.kill(ProcessFile(layout).read().supervisor.pid, signal.SIGCONT)
