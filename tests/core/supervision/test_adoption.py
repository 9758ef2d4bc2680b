"""A supervisor that is killed: its job goes on, and the run comes to its end."""

import json
import os
import shutil
import signal

import pytest

from cellrun.core.status import Status
from cellrun.core.store.status_file import StatusFile
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses
from cellrun.core.targets.local import LocalTarget
from cellrun.core.targets.local.queue import LocalQueue
from cellrun.core.targets.look import look

SCRIPT = """
import os, time
print('up')
while not os.path.exists('go'):
    time.sleep(0.02)
print('done')
"""


def kill(identity, until):
    os.kill(identity.pid, signal.SIGKILL)
    until(lambda: not identity.is_alive(), "its death")


def test_b5_the_job_goes_on_and_any_reader_has_it_adopted(runs, until):
    layout = runs.printed(runs.running(runs.script(SCRIPT)), "up")
    before = ProcessFile(layout).read()
    kill(before.supervisor, until)
    status = runs.status(layout)  # one look is enough
    until(lambda: StatusFile(layout).read().reason, "the note of the adoption")
    assert (runs.status(layout).status, runs.status(layout).reason) == (Status.RUNNING, "supervisor lost, adopted")
    after = ProcessFile(layout).read()
    assert status.status is Status.RUNNING
    assert after.job == before.job
    assert after.supervisor != before.supervisor
    assert [one.is_alive() for one in after] == [True, True]
    (layout.work / "go").touch()
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.FAILED, "exit status unknown: supervisor was killed")
    assert layout.log.read_text() == "up\ndone\n"


def test_a_supervisor_that_takes_over_does_nothing_that_was_not_submitted(runs, until, tmp_path):
    layout = runs.printed(runs.running(runs.script(SCRIPT)), "up")
    kill(ProcessFile(layout).read().supervisor, until)
    queue, spec = tmp_path / "queue", json.loads(layout.launch.read_text())
    layout.launch.write_text(json.dumps({**spec, "afterwards": [spec["afterwards"][0], str(queue)]}))
    runs.status(layout)
    end = runs.end(layout)
    assert (end.status, end.reason) == (
        Status.FAILED,
        "it can't be watched: launch.json was changed after the run had been submitted",
    )
    assert not queue.exists(), "somebody else's queue, whose runs would be started"


def test_b5_two_readers_adopt_once(runs, until):
    layout = runs.printed(runs.running(runs.script(SCRIPT)), "up")
    kill(ProcessFile(layout).read().supervisor, until)
    for _ in range(5):
        runs.status(layout)
    until(lambda: StatusFile(layout).read().reason, "the note of the adoption")
    adopter = ProcessFile(layout).read().supervisor
    for _ in range(5):
        runs.status(layout)
    assert ProcessFile(layout).read().supervisor == adopter
    assert [one.reason for one in StatusFile(layout).history()].count("supervisor lost, adopted") == 1


def test_b5_an_adopted_run_is_canceled_to_the_last_process(runs, until):
    layout = runs.printed(runs.running(runs.script(SCRIPT)), "up")
    processes = ProcessFile(layout).read()
    kill(processes.supervisor, until)
    LocalTarget("local").cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert not processes.job.is_alive()


def test_b5_an_adopted_run_has_its_time_limit(runs, until):
    layout = runs.printed(runs.running(runs.script(SCRIPT, max_run_duration_seconds=1)), "up")
    kill(ProcessFile(layout).read().supervisor, until)
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.FAILED, "stopped after 1 s (max_run_duration_seconds=1)")


def test_b6_a_run_without_supervisor_and_job_is_failed_at_the_first_look(runs, until):
    layout = runs.running(runs.script(SCRIPT))
    processes = ProcessFile(layout).read()
    kill(processes.supervisor, until)
    kill(processes.job, until)
    status = runs.status(layout)
    assert (status.status, status.reason) == (Status.FAILED, "supervisor and job disappeared")


def test_b6_a_supervisor_that_was_killed_before_it_wrote_who_it_is(runs, until):
    layout = runs.running(runs.script(SCRIPT))
    processes = ProcessFile(layout).read()
    kill(processes.supervisor, until)
    layout.processes.unlink()
    assert runs.status(layout).status is Status.RUNNING, "its job still lives: it carries the run's id"
    kill(processes.job, until)
    status = runs.status(layout)
    assert (status.status, status.reason) == (Status.FAILED, "supervisor and job disappeared")


def test_without_a_process_table_a_fresh_start_is_believed_and_an_old_one_is_not(runs, until, monkeypatch):
    """As on macOS."""
    layout = runs.running(runs.script(SCRIPT))
    for one in ProcessFile(layout).read():
        kill(one, until)
    layout.processes.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(os.path, "isdir", lambda path: path != "/proc")
        assert runs.status(layout).status is Status.RUNNING
        os.utime(layout.claim, (0, 0))
        assert look(LocalTarget("local"), [layout])[layout.run_id].reason == "supervisor and job disappeared"


@pytest.mark.parametrize("what", ["running", "queued"])
def test_b7_after_a_restart_of_the_machine_a_run_is_failed_at_the_first_look(runs, until, monkeypatch, what):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    running = runs.running(runs.script(SCRIPT))
    queued = runs.script(SCRIPT)
    processes = ProcessFile(running).read()
    kill(processes.supervisor, until)
    kill(processes.job, until)
    # What the files of an earlier boot look like.
    ProcessFile(running).write(RunProcesses(*(one._replace(boot="another boot") for one in processes)))
    for ticket in LocalQueue().folder.glob("*.waiting"):
        ticket.write_text(json.dumps({**json.loads(ticket.read_text()), "boot": "another boot"}))
    layout = {"running": running, "queued": queued}[what]
    status = runs.status(layout)
    assert status.status is Status.FAILED
    assert status.reason.startswith("machine restarted at 20")
    assert status.reason.endswith("(boot id changed)")


@pytest.fixture
def emptied(runs):
    """Empty the runtime folder, as the end of a login session does, with all tickets."""
    return lambda: shutil.rmtree(runs.source.parent / "runtime")


def test_b5_a_job_is_adopted_without_its_ticket(runs, until, emptied):
    layout = runs.printed(runs.running(runs.script(SCRIPT)), "up")
    kill(ProcessFile(layout).read().supervisor, until)
    emptied()
    runs.status(layout)
    until(lambda: StatusFile(layout).read().reason == "supervisor lost, adopted", "the note of the adoption")
    assert ProcessFile(layout).read().supervisor.is_alive()


def test_b7_a_run_that_a_restart_caught_while_it_started(runs, until, emptied):
    layout = runs.running(runs.script(SCRIPT))
    for one in ProcessFile(layout).read():
        kill(one, until)
    emptied()
    layout.processes.unlink()
    record = json.loads(layout.record.read_text())
    record["created_by"]["boot"] = "another boot"
    layout.record.write_text(json.dumps(record))
    assert runs.status(layout).reason.startswith("machine restarted at 20")


def test_a_run_of_another_machine_is_left_alone(runs, until):
    layout = runs.running(runs.script(SCRIPT))
    processes = ProcessFile(layout).read()
    ProcessFile(layout).write(RunProcesses(*(one._replace(host="elsewhere") for one in processes)))
    for one in processes:
        kill(one, until)
    assert runs.status(layout).status is Status.RUNNING
    assert ProcessFile(layout).read().supervisor.host == "elsewhere"
    ProcessFile(layout).write(processes)  # for the end of the test
